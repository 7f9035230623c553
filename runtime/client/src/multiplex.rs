//! The multiplexed connections to each address: about as many as cores.

use std::future::Future;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use tokio::runtime::{Handle, Id};
use tokio::sync::Mutex;

use super::deadline::within;
use super::link::Link;
use kiteline_core::error::{Error, Origin};

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
pub(super) struct Lane(Box<[Arc<Place>]>);

impl Default for Lane {
    fn default() -> Self {
        Self((0..*WIDTH).map(|_| Arc::default()).collect())
    }
}

/// Held by who opens a connection; why that failed the last time.
type Opening = Arc<Mutex<Option<Error>>>;

#[derive(Debug, Default)]
struct Place {
    link: ArcSwapOption<Link>,
    /// Of the runtime that opened one last: what is begun in another may stand still.
    opening: std::sync::Mutex<Option<(Id, Opening)>>,
    /// How often it failed.
    failures: AtomicUsize,
}

impl Lane {
    fn place(&self) -> Option<&Arc<Place>> {
        self.0.get(THREAD.with(|number| number % self.0.len().max(1)))
    }

    /// This thread's connection, where there is one that takes calls.
    pub(super) fn ready(&self) -> Option<Arc<Link>> {
        self.place()?.link()
    }

    /// The same, opened by `open` where there is none. What takes longer than `deadline` is there for
    /// the calls behind.
    pub(super) async fn link<F>(&self, deadline: Option<Instant>, open: impl FnOnce() -> F) -> Result<Arc<Link>, Error>
    where
        F: Future<Output = Result<Link, Error>> + Send + 'static,
    {
        let Some(place) = self.place() else {
            return Err(Error::internal("no connection has this turn"));
        };
        within(deadline, Arc::clone(place).open(open())).await
    }
}

impl Place {
    fn link(&self) -> Option<Arc<Link>> {
        self.link.load_full().filter(|link| link.is_open())
    }

    fn opening(&self) -> Opening {
        let here = Handle::current().id();
        let mut opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        opening.take_if(|(home, _)| *home != here);
        Arc::clone(&opening.get_or_insert_with(|| (here, Arc::default())).1)
    }

    async fn open(
        self: Arc<Self>,
        open: impl Future<Output = Result<Link, Error>> + Send + 'static,
    ) -> Result<Arc<Link>, Error> {
        let before = self.failures.load(Ordering::Relaxed);
        let mut failure = self.opening().lock_owned().await;
        // Another caller may have been here in between.
        if let Some(link) = self.link() {
            return Ok(link);
        }
        // Who waited for an attempt shares its end: one after the other would wait for ever longer.
        if let Some(error) = failure.as_ref().filter(|_| self.failures.load(Ordering::Relaxed) != before) {
            return Err(error.clone());
        }
        let opening = tokio::spawn(async move {
            let opened = open.await.inspect_err(|error| {
                self.failures.fetch_add(1, Ordering::Relaxed);
                *failure = Some(error.clone());
            });
            let link = Arc::new(opened?);
            self.link.store(Some(Arc::clone(&link)));
            Ok(link)
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
        let (lane, attempts) = (Lane::default(), Arc::new(AtomicUsize::new(0)));
        let open = || {
            let attempts = Arc::clone(&attempts);
            async move {
                attempts.fetch_add(1, Ordering::Relaxed);
                // The others come.
                tokio::task::yield_now().await;
                Err(Error::unavailable("away"))
            }
        };
        let link = || lane.link(None, open);
        let (one, two, three) = tokio::join!(link(), link(), link());
        for end in [one, two, three] {
            assert_eq!(end.unwrap_err().message(), "away");
        }
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
        assert!(link().await.is_err());
        assert_eq!(attempts.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_connect_outlives_who_gave_it_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (lane, go_on) = (Lane::default(), Arc::new(Notify::new()));
        let slow = Arc::clone(&go_on);
        let open = || async move {
            slow.notified().await;
            Ok(Link::new(stream, 1 << 20, Arc::default()))
        };
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(lane.link(Some(soon), open).await.unwrap_err().code(), Code::DeadlineExceeded);
        go_on.notify_one();
        let again = || async { Err(Error::unavailable("another connect")) };
        assert!(lane.link(None, again).await.is_ok());
    }
}
