//! The multiplexed connections to each address: about as many as cores.

use std::future::Future;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use super::link::Link;
use crate::error::Error;

/// What an instance's metadata says when it answers out of order: `kiteline` = `mux`.
pub(crate) const KEY: &str = "kiteline";
/// See [`KEY`].
pub(crate) const VALUE: &str = "mux";

/// Connections to one address.
static WIDTH: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get).min(8));

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The calling thread's number.
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// Connections to one address. A thread uses one of them: its callers share its lock and its
/// batches with few others, and are woken on the thread that reads their answers.
#[derive(Debug)]
pub(super) struct Lane(Box<[Place]>);

impl Default for Lane {
    fn default() -> Self {
        Self((0..*WIDTH).map(|_| Place::default()).collect())
    }
}

#[derive(Debug, Default)]
struct Place {
    link: ArcSwapOption<Link>,
    /// Held by who opens a connection.
    opening: Mutex<()>,
}

impl Lane {
    /// This thread's connection, opened by `open` where there is none that takes calls.
    pub(super) async fn link<F>(&self, open: impl FnOnce() -> F) -> Result<Arc<Link>, Error>
    where
        F: Future<Output = Result<Link, Error>>,
    {
        let Some(place) = self.0.get(THREAD.with(|number| number % *WIDTH)) else {
            return Err(Error::internal("no connection has this turn"));
        };
        match place.link() {
            Some(link) => Ok(link),
            // In a box: the path of every call need not have room for it.
            None => Box::pin(place.open(open())).await,
        }
    }
}

impl Place {
    fn link(&self) -> Option<Arc<Link>> {
        self.link.load_full().filter(|link| link.is_open())
    }

    async fn open(&self, open: impl Future<Output = Result<Link, Error>>) -> Result<Arc<Link>, Error> {
        let _opening = self.opening.lock().await;
        // Another caller may have been here in between.
        if let Some(link) = self.link() {
            return Ok(link);
        }
        let link = Arc::new(open.await?);
        self.link.store(Some(Arc::clone(&link)));
        Ok(link)
    }
}
