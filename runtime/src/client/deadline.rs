//! The deadline of a call, where the call waits. A call on a shared connection is woken by its link, if that is of
//! the caller's runtime.

use std::future::Future;
#[cfg(feature = "thrift")]
use std::pin::Pin;
use std::time::Instant;

#[cfg(feature = "thrift")]
use tokio::runtime::{Handle, Id};
#[cfg(feature = "thrift")]
use tokio::task::unconstrained;
use tokio::time::timeout_at;
#[cfg(feature = "thrift")]
use tokio::time::{Sleep, sleep_until};

use crate::error::{Error, Origin};

/// What is told where a deadline passed; the channel knows the call and says it in full.
#[cold]
pub(super) fn passed() -> Error {
    Error::deadline("no answer in time").with_origin(Origin::Transport)
}

/// Does `work` until the deadline, if there is one.
pub(super) async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match deadline {
        Some(at) => timeout_at(at.into(), work).await.unwrap_or_else(|_| Err(passed())),
        None => work.await,
    }
}

/// A timer that serves one call after the other: to put it off takes no lock, to make one does. A call in another
/// runtime than the last one gets a new one: a timer rings only while its own runtime runs.
#[cfg(feature = "thrift")]
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<(Id, Pin<Box<Sleep>>)>);

#[cfg(feature = "thrift")]
impl Alarm {
    /// As [`within`]. By reference, and not an async fn: what moves into a future has two places there.
    pub(super) fn within<T>(
        &mut self,
        deadline: Option<Instant>,
        mut work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let mut sleep = deadline.map(|at| self.set(at.into()));
        std::future::poll_fn(move |task| match (work.as_mut().poll(task), &mut sleep) {
            // Also when the work has used up what tokio lets a task do at once.
            (std::task::Poll::Pending, Some(sleep)) => {
                Pin::new(&mut unconstrained(sleep.as_mut())).poll(task).map(|()| Err(passed()))
            }
            (outcome, _) => outcome,
        })
    }

    fn set(&mut self, at: tokio::time::Instant) -> Pin<&mut Sleep> {
        let here = Handle::current().id();
        self.0.take_if(|(home, _)| *home != here);
        if let Some((_, sleep)) = &mut self.0 {
            sleep.as_mut().reset(at);
        }
        self.0.get_or_insert_with(|| (here, Box::pin(sleep_until(at)))).1.as_mut()
    }
}

#[cfg(all(test, feature = "thrift"))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Code;

    #[tokio::test]
    async fn work_that_never_rests_ends_at_its_deadline() {
        let work = async {
            loop {
                tokio::task::consume_budget().await;
            }
        };
        let soon = Instant::now() + Duration::from_millis(5);
        let ended: Result<(), Error> = Alarm::default().within(Some(soon), std::pin::pin!(work)).await;
        assert_eq!(ended.unwrap_err().code(), Code::DeadlineExceeded);
    }
}
