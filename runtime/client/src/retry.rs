//! Which calls are sent again, how often, and after which pause.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use super::channel::Builder;
use super::deadline::left;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::methods::Methods;
use kiteline_core::pushback::Pushback;
use kiteline_core::service::Call;

/// How often a call is sent again unless something else is said.
const ATTEMPTS: u32 = 1;

/// The percentage of calls that may be sent again.
const BUDGET: u32 = 20;

/// The longest wait that a service may ask of a call without a deadline.
const LONGEST: Duration = Duration::from_secs(60);

type Wanted = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

/// Which calls of a channel are sent again after they failed, how often, and after which pause. A call's deadline holds for all
/// attempts together.
///
/// What never left this process goes to each other instance anyway, whatever stands here. A call that may have been sent goes
/// again where its method is idempotent (the IDL says so, or `[methods]` of `service.toml`), and where the budget allows it. A
/// stream of requests is sent once.
///
/// An error that says how long to wait (`google.rpc.RetryInfo`, which rate limits send; gRPC's trailing
/// `grpc-retry-pushback-ms`) is waited for, and up to a tenth more so that callers do not come all at once. Where the deadline
/// is before that, or without a deadline the wait longer than a minute, the error is returned at once. A pushback that is negative or
/// no number asks for no further attempt.
///
/// ```
/// use std::time::Duration;
///
/// use runtime::Code;
/// use runtime::client::Retry;
///
/// let retry = Retry::attempts(3)
///     .backoff(Duration::from_millis(20), Duration::from_secs(1))
///     .when(|error| error.code() == Code::Unavailable); // also where the service answered so
/// # let _ = retry;
/// ```
#[derive(Clone)]
#[must_use = "it is for `Builder::retry` and `Request::retry`"]
pub struct Retry {
    attempts: u32,
    budget: u32,
    backoff: Option<(Duration, Duration)>,
    when: Option<Wanted>,
    any_method: bool,
    /// Whether an instance is tried again when all were.
    rounds: bool,
}

/// Once, to another instance, when the connection failed.
impl Default for Retry {
    fn default() -> Self {
        Self { attempts: ATTEMPTS, budget: BUDGET, backoff: None, when: None, any_method: false, rounds: false }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, budget, backoff, any_method, .. } = self;
        f.debug_struct("Retry")
            .field("attempts", attempts)
            .field("budget", budget)
            .field("backoff", backoff)
            .field("when", &self.when.is_some())
            .field("any_method", any_method)
            .finish_non_exhaustive()
    }
}

impl Retry {
    /// A call is sent again so often at most: to another instance where there is one, else to the same. That counts calls that
    /// found no instance, too. Default of a channel: once, and never to the same instance.
    pub fn attempts(most: u32) -> Self {
        Self { attempts: most, rounds: most > 0, ..Self::default() }
    }

    /// Nothing that may have been sent is sent again.
    pub fn never() -> Self {
        Self::attempts(0)
    }

    /// Sends calls again that the service answered with such an error, too. Default: those alone whose connection failed.
    pub fn when(mut self, wanted: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(Arc::new(wanted));
        self
    }

    /// Waits before each attempt: `first` before the first one, twice as long before each further one, `longest` at most; of that
    /// a random part between half and all. Default: no wait.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.backoff = Some((first, longest));
        self
    }

    /// How many of 100 calls of a channel may be sent again, so that retries do not bury a service in trouble; ten may at any
    /// time. Default 20, at most 100. Of a single request it does nothing.
    pub fn budget(mut self, percent: u32) -> Self {
        self.budget = percent.min(100);
        self
    }

    /// Sends calls of methods again that are not idempotent: they may be carried out more than once.
    pub fn any_method(mut self) -> Self {
        self.any_method = true;
        self
    }

    /// What an attempt costs of the coins that each call earns; `None` where there are none to be had.
    pub(super) fn cost(&self) -> Option<u32> {
        100_u32.checked_div(self.budget)
    }

    fn pause(&self, number: u32) -> Duration {
        let Some((first, longest)) = self.backoff else { return Duration::ZERO };
        let whole = first.saturating_mul(1_u32.checked_shl(number).unwrap_or(u32::MAX)).min(longest);
        whole.mul_f64(0.5 + 0.5 * random())
    }
}

/// A number from 0 to 1.
fn random() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

impl Builder {
    /// Says which calls are sent again after they failed, how often, and after which pause. Default: see [`Retry`].
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }
}

/// The attempts that one call has.
pub(super) struct Plan<'a> {
    retry: &'a Retry,
    attempts: u32,
    idempotent: bool,
    rounds: bool,
}

impl<'a> Plan<'a> {
    /// What holds for a call: what its request says, before what its method's settings say, before the channel's.
    pub(super) fn new(channel: &'a Retry, methods: &Methods, call: &'a Call) -> Self {
        let (own, settings) = (call.cx.value::<Retry>(), methods.of(call.method));
        let retry = own.unwrap_or(channel);
        let of_method = settings.and_then(|settings| settings.retry).filter(|_| own.is_none());
        let attempts = of_method.unwrap_or(retry.attempts);
        let idempotent = settings.and_then(|settings| settings.idempotent).unwrap_or(call.method.idempotent);
        let rounds = of_method.map_or(retry.rounds, |attempts| attempts > 0);
        Self { retry, attempts, idempotent: idempotent || retry.any_method, rounds }
    }

    /// Whether there is an attempt left.
    pub(super) fn has(&self, used: u32) -> bool {
        used < self.attempts
    }

    /// The pause after which a call that may have been sent may go again after this error, for another time than the `used` ones
    /// before; `None` where it may not.
    pub(super) fn again(&self, used: u32, error: &Error, call: &Call) -> Option<Duration> {
        let wanted = match error.origin() {
            Origin::Transport => error.code() != Code::DeadlineExceeded,
            Origin::Remote => self.retry.when.as_ref().is_some_and(|wanted| wanted(error)),
            _ => false,
        };
        // A stream can be sent once.
        let may = wanted && self.idempotent && !call.method.kind.streams_requests() && self.has(used);
        may.then(|| self.wait(used, error, left(call))).flatten()
    }

    /// The pause with what the service says of it, where that is over before the deadline.
    fn wait(&self, used: u32, error: &Error, left: Option<Duration>) -> Option<Duration> {
        let (own, left) = (self.pause(used), left.unwrap_or(Duration::MAX));
        let pause = match Pushback::of(error) {
            Pushback::None => own,
            Pushback::Never => return None,
            Pushback::After(wait) if wait > LONGEST && left == Duration::MAX => return None,
            Pushback::After(wait) => {
                let longer = wait.saturating_add(wait.div_f64(10.0).mul_f64(random()));
                own.max(if longer < left { longer } else { wait })
            }
        };
        (pause < left).then_some(pause)
    }

    /// Whether the instances are tried from the first one on again when all were.
    pub(super) fn goes_round(&self) -> bool {
        self.rounds
    }

    /// The pause before an attempt.
    pub(super) fn pause(&self, used: u32) -> Duration {
        self.retry.pause(used)
    }
}

/// Whether nothing of a call left this process.
pub(super) fn is_not_sent(error: &Error) -> bool {
    matches!(error.origin(), Origin::NotSent | Origin::NotConnected)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kiteline_core::limits::DecodeLimits;
    use kiteline_core::service::{Idl, Method};
    use kiteline_core::{Context, pushback};

    use super::*;

    static METHOD: Method = Method::new(Idl::Thrift, "/S/M", 0).idempotent();

    #[test]
    fn pauses_grow_and_differ() {
        let retry = Retry::attempts(9).backoff(Duration::from_millis(10), Duration::from_millis(50));
        for (number, millis) in [(0, 10), (1, 20), (2, 40), (3, 50), (40, 50)] {
            let pauses: Vec<_> = (0..50).map(|_| retry.pause(number)).collect();
            let (half, whole) = (Duration::from_millis(millis) / 2, Duration::from_millis(millis));
            assert!(pauses.iter().all(|pause| (half..=whole).contains(pause)), "{number}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
        assert_eq!(Retry::attempts(1).pause(7), Duration::ZERO);
    }

    #[test]
    fn the_wait_that_a_service_asks_for_is_never_shortened() {
        let methods = Methods::default();
        let call = Call::new(&METHOD, Context::new(), Bytes::new(), DecodeLimits::default());
        let told = |wait| Error::unavailable("x").with_encoded_detail(pushback::retry_info(wait));
        let wait = |retry: &Retry, wait, left: Option<u64>| {
            Plan::new(retry, &methods, &call).wait(0, &told(Duration::from_secs(wait)), left.map(Duration::from_secs))
        };
        let retry = Retry::attempts(1);
        let waits: Vec<_> = (0..200).map(|_| wait(&retry, 10, None).unwrap()).collect();
        assert!(
            waits.iter().all(|wait| (Duration::from_secs(10)..=Duration::from_secs(11)).contains(wait)),
            "{waits:?}"
        );
        assert!(waits.iter().any(|wait| *wait != waits[0]));
        // What is added does not cost the attempt.
        assert!((0..200).all(|_| wait(&retry, 999, Some(1000)).is_some()));
        assert_eq!([wait(&retry, 10, Some(10)), wait(&retry, 61, None)], [None, None]);
        assert!(wait(&retry, 60, None).is_some() && wait(&retry, 61, Some(3600)).is_some());
        assert_eq!([wait(&retry, i64::MAX as u64, Some(3600)), wait(&retry, i64::MAX as u64, None)], [None, None]);
        let own = retry.backoff(Duration::from_secs(100), Duration::from_secs(100));
        assert!(wait(&own, 1, None).unwrap() >= Duration::from_secs(50));
        assert_eq!(wait(&own, 1, Some(20)), None);
    }

    #[test]
    fn a_budget_is_a_cost() {
        let cost = |percent| Retry::default().budget(percent).cost();
        assert_eq!([0, 1, 20, 50, 100, 900].map(cost), [None, Some(100), Some(5), Some(2), Some(1), Some(1)]);
        assert_eq!(Retry::default().cost(), Some(5));
    }
}
