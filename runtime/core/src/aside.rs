//! Runs CPU-heavy work on tokio's blocking threads instead of its workers, at most as many pieces at once as there are
//! cores.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::{Arc, LazyLock};
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::Error;
use crate::lock::lock;

/// Messages from this size on are read and written aside.
pub const LARGE: usize = 256 << 10;

/// Of all servers and channels of the process.
static PLACES: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, std::num::NonZero::get))));

/// Runs `work` on a blocking thread when it is its turn. Dropped before, nothing is done; dropped later, it is done for nobody. A panic
/// inside is one of the caller.
///
/// # Errors
/// [`crate::Code::Unavailable`] when the runtime ends.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let ends = || Error::unavailable("the runtime ends");
    let place = Arc::clone(&PLACES).acquire_owned().await.map_err(|_| ends())?;
    let done = spawn_blocking(move || {
        let _place = place;
        work()
    });
    done.await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_) => ends(),
    })
}

/// Runs `work` on a thread that ends with it: whatever the allocator caches for a thread is returned then. Where no
/// thread can be had, on this one.
///
/// # Errors
/// [`crate::Code::Internal`] if the work was taken and not done, which no thread can bring about.
pub fn in_a_thread_of_its_own<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let (runtime, slot) = (Handle::current(), Mutex::new(Some(work)));
    let take = || lock(&slot).take();
    let done = thread::scope(|scope| {
        let begun = thread::Builder::new().spawn_scoped(scope, || {
            let _entered = runtime.enter();
            take().map(|work| work())
        });
        begun.map(thread::ScopedJoinHandle::join)
    });
    let value = match done {
        Ok(Ok(value)) => value,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => take().map(|work| work()),
    };
    value.ok_or_else(|| Error::internal("the work was taken and not done"))
}
