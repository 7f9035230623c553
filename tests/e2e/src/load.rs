//! Callers that call all the time, while something happens to what they call.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::wait_for;

/// Some callers that are at work.
pub struct Load {
    callers: Vec<JoinHandle<()>>,
    seen: Vec<Arc<Seen>>,
}

#[derive(Default)]
struct Seen {
    done: AtomicBool,
    calls: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

impl Load {
    /// Starts a caller for each function; its error says why a call failed.
    pub fn start<F: Fn() -> Result<(), String> + Send + 'static>(calls: impl IntoIterator<Item = F>) -> Self {
        let (mut callers, mut all) = (Vec::new(), Vec::new());
        for call in calls {
            let seen: Arc<Seen> = Arc::default();
            all.push(Arc::clone(&seen));
            callers.push(std::thread::spawn(move || {
                while !seen.done.load(Ordering::Relaxed) {
                    if let Err(why) = call() {
                        seen.failed.lock().unwrap().push(why);
                    }
                    seen.calls.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        Self { callers, seen: all }
    }

    /// Waits until each caller has made so many more calls.
    ///
    /// # Panics
    ///
    /// When they do not.
    pub fn more(&self, calls: usize) {
        for seen in &self.seen {
            let before = seen.calls.load(Ordering::Relaxed);
            wait_for("more calls", || (seen.calls.load(Ordering::Relaxed) >= before + calls).then_some(()));
        }
    }

    /// Ends them.
    ///
    /// # Panics
    ///
    /// When a call had failed.
    pub fn end_without_failure(self) {
        self.seen.iter().for_each(|seen| seen.done.store(true, Ordering::Relaxed));
        self.callers.into_iter().for_each(|caller| caller.join().unwrap());
        let failed: Vec<String> = self.seen.iter().flat_map(|seen| seen.failed.lock().unwrap().clone()).collect();
        let calls: usize = self.seen.iter().map(|seen| seen.calls.load(Ordering::Relaxed)).sum();
        assert!(failed.is_empty(), "{} of {calls} calls failed: {:?}", failed.len(), failed.first());
    }
}
