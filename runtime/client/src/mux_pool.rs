//! Pool of multiplexed connections to one address: about one per core.

use std::future::Future;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use tokio::runtime::{Handle, Id};
use tokio::sync::Mutex;

use super::deadline::within;
use super::mux_connection::MuxConnection;
use kiteline_core::error::{Error, Origin};
use kiteline_core::lock::lock;

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
pub(super) struct MuxPool(Box<[Arc<Slot>]>);

impl Default for MuxPool {
    fn default() -> Self {
        Self((0..*WIDTH).map(|_| Arc::default()).collect())
    }
}

/// Held by who opens a connection; why that failed the last time.
type Opening = Arc<Mutex<Option<Error>>>;

#[derive(Debug, Default)]
struct Slot {
    connection: ArcSwapOption<MuxConnection>,
    /// Of the runtime that opened one last: what is begun in another may stand still.
    opening: std::sync::Mutex<Option<(Id, Opening)>>,
    /// How often it failed.
    failures: AtomicUsize,
}

impl MuxPool {
    fn slot(&self) -> Option<&Arc<Slot>> {
        self.0.get(THREAD.with(|number| number % self.0.len().max(1)))
    }

    /// This thread's connection, where there is one that takes calls.
    pub(super) fn ready(&self) -> Option<Arc<MuxConnection>> {
        self.slot()?.connection()
    }

    /// As [`ready`](Self::ready), connecting with `open` if needed. A connect that outlives `deadline` is kept for
    /// later calls.
    pub(super) async fn connection<F>(
        &self,
        deadline: Option<Instant>,
        open: impl FnOnce() -> F,
    ) -> Result<Arc<MuxConnection>, Error>
    where
        F: Future<Output = Result<MuxConnection, Error>> + Send + 'static,
    {
        let Some(slot) = self.slot() else {
            return Err(Error::internal("no connection has this turn"));
        };
        within(deadline, Arc::clone(slot).open(open())).await
    }
}

impl Slot {
    fn connection(&self) -> Option<Arc<MuxConnection>> {
        self.connection.load_full().filter(|connection| connection.is_open())
    }

    fn opening(&self) -> Opening {
        let here = Handle::current().id();
        let mut opening = lock(&self.opening);
        opening.take_if(|(home, _)| *home != here);
        Arc::clone(&opening.get_or_insert_with(|| (here, Arc::default())).1)
    }

    async fn open(
        self: Arc<Self>,
        open: impl Future<Output = Result<MuxConnection, Error>> + Send + 'static,
    ) -> Result<Arc<MuxConnection>, Error> {
        let before = self.failures.load(Ordering::Relaxed);
        let mut failure = self.opening().lock_owned().await;
        // Another caller may have been here in between.
        if let Some(connection) = self.connection() {
            return Ok(connection);
        }
        // Callers that waited for an attempt share its failure: attempts of their own would make them wait ever
        // longer.
        if let Some(error) = failure.as_ref().filter(|_| self.failures.load(Ordering::Relaxed) != before) {
            return Err(error.clone());
        }
        let opening = tokio::spawn(async move {
            let opened = open.await.inspect_err(|error| {
                self.failures.fetch_add(1, Ordering::Relaxed);
                *failure = Some(error.clone());
            });
            let connection = Arc::new(opened?);
            self.connection.store(Some(Arc::clone(&connection)));
            Ok(connection)
        });
        opening.await.unwrap_or_else(|error| {
            Err(Error::internal(format!("opening a connection: {error}")).with_origin(Origin::NotSent))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Notify;

    use super::*;
    use kiteline_core::error::Code;

    #[tokio::test]
    async fn who_waits_for_a_connect_that_fails_shares_its_end() {
        let (mux, attempts) = (MuxPool::default(), Arc::new(AtomicUsize::new(0)));
        let open = || {
            let attempts = Arc::clone(&attempts);
            async move {
                attempts.fetch_add(1, Ordering::Relaxed);
                // The others come.
                tokio::task::yield_now().await;
                Err(Error::unavailable("away"))
            }
        };
        let connection = || mux.connection(None, open);
        let (one, two, three) = tokio::join!(connection(), connection(), connection());
        for end in [one, two, three] {
            assert_eq!(end.unwrap_err().message(), "away");
        }
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
        assert!(connection().await.is_err());
        assert_eq!(attempts.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_connect_outlives_who_gave_it_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mux, go_on) = (MuxPool::default(), Arc::new(Notify::new()));
        let slow = Arc::clone(&go_on);
        let open = || async move {
            slow.notified().await;
            Ok(MuxConnection::new(stream, 1 << 20, Arc::default()))
        };
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(mux.connection(Some(soon), open).await.unwrap_err().code(), Code::DeadlineExceeded);
        go_on.notify_one();
        let again = || async { Err(Error::unavailable("another connect")) };
        assert!(mux.connection(None, again).await.is_ok());
    }
}
