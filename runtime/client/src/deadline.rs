//! The deadline of a call, where the call waits. A call on a shared connection is woken by the connection, if that is of
//! the caller's runtime.

use std::future::Future;
use std::num::NonZeroU64;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, Id};
use tokio::task::unconstrained;
use tokio::time::timeout_at;
use tokio::time::{Sleep, sleep_until};

use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::service::Call;

/// The error where a deadline passed; the channel knows the call and says it in full.
#[cold]
pub(super) fn passed() -> Error {
    Error::deadline("no answer in time").with_origin(Origin::Transport)
}

/// The time that a call has left by tokio's clock, which its waits go by; `None` without a deadline.
pub(super) fn left(call: &Call) -> Option<Duration> {
    let now = tokio::time::Instant::now().into_std();
    call.cx.deadline().map(|at| at.saturating_duration_since(now))
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

/// A timer that serves one call after the other. A call in another runtime than the last one gets a new one: a timer
/// rings only while its own runtime runs.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<Timer>);

/// Set for no later than `at`, and put off only when it rings too early: most calls end before, and leave it as it is.
#[derive(Debug)]
struct Timer {
    home: Id,
    sleep: Pin<Box<Sleep>>,
    at: tokio::time::Instant,
}

impl Alarm {
    /// As [`within`]. By reference, and not an async fn: what moves into a future has two places there.
    pub(super) fn within<T>(
        &mut self,
        deadline: Option<Instant>,
        mut work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let mut timer = deadline.map(|at| self.set(at.into()));
        std::future::poll_fn(move |task| match (work.as_mut().poll(task), &mut timer) {
            (Poll::Pending, Some(timer)) => timer.poll(task).map(|()| Err(passed())),
            (outcome, _) => outcome,
        })
    }

    fn set(&mut self, at: tokio::time::Instant) -> &mut Timer {
        let home = Handle::current().id();
        self.0.take_if(|timer| timer.home != home);
        let timer = self.0.get_or_insert_with(|| Timer { home, sleep: Box::pin(sleep_until(at)), at });
        timer.at = at;
        if timer.sleep.deadline() > at {
            timer.sleep.as_mut().reset(at);
        }
        timer
    }
}

impl Timer {
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<()> {
        loop {
            // Unconstrained: it rings even when the work has used up the budget that tokio gives a task.
            ready!(Pin::new(&mut unconstrained(self.sleep.as_mut())).poll(task));
            if self.sleep.deadline() >= self.at {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(self.at);
        }
    }
}

/// A duration in half of the memory, for the future of a call; what is over 500 years is for ever.
#[derive(Clone, Copy)]
pub(super) struct Nanos(NonZeroU64);

impl Nanos {
    pub(super) fn new(duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(NonZeroU64::MIN.saturating_add(nanos))
    }

    pub(super) fn get(self) -> Option<Duration> {
        Some(self.0.get()).filter(|nanos| *nanos < u64::MAX).map(|nanos| Duration::from_nanos(nanos - 1))
    }
}

/// Whether a call failed because its deadline passed.
pub(super) fn is_late(error: &Error, call: &Call) -> bool {
    match error.origin() {
        Origin::Remote => call.cx.deadline().is_some_and(|at| at <= tokio::time::Instant::now().into_std()),
        Origin::Transport => error.code() == Code::DeadlineExceeded,
        _ => false,
    }
}

/// The error of a call that got no answer in time.
#[cold]
pub(super) fn late(path: &str, start: tokio::time::Instant) -> Error {
    Error::deadline(format!("{path}: no answer after {} ms", start.elapsed().as_millis()))
        .with_origin(Origin::Transport)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use kiteline_core::error::Code;

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

    #[tokio::test(start_paused = true)]
    async fn a_timer_of_an_earlier_call_ends_no_later_one_and_holds_none_up() {
        let mut alarm = Alarm::default();
        let start = tokio::time::Instant::now();
        for (at, answered, ends) in [
            (10, 1, 1),
            (50, 90, 50),
            (100, 60, 60),
            (300, 500, 300),
            (310, 305, 305),
            (400, 500, 400),
            (900, 410, 410),
            (500, 600, 500),
        ] {
            let after = |ms| (start + Duration::from_millis(ms)).into_std();
            let work = async {
                tokio::time::sleep_until(after(answered).into()).await;
                Ok(())
            };
            let ended = alarm.within(Some(after(at)), std::pin::pin!(work)).await;
            assert_eq!(start.elapsed(), Duration::from_millis(ends));
            assert_eq!(ended.is_ok(), answered < at);
        }
    }
}
