//! A layer that limits how many calls come per second.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use kiteline_core::error::Error;
use kiteline_core::service::{Call, Handling};
use tokio::time::Instant;
use tower::Layer;

use super::around::{Around, Inner, Policy, forward, is_health, refuse};
use super::exhausted::exhausted;
use super::gcra::Gcra;
use super::keys::Keys;
use super::methods::{Methods, PerMethod};

/// Keys that a limit by key knows at once, unless told otherwise.
const KEYS: usize = 16 << 10;

/// The reason of a refusal, for programs; Kratos' servers state the same.
const REASON: &str = "RATELIMIT";

type KeyOf = Arc<dyn Fn(&Call) -> Option<&str> + Send + Sync>;

/// Limits how many calls come per second: one that comes too early fails with
/// [`Code::ResourceExhausted`](kiteline_core::Code::ResourceExhausted) and the time to wait (`google.rpc.RetryInfo`; 429 and
/// `retry-after` over routes of HTTP). It counts by the generic cell rate algorithm: no timers, no queue.
///
/// Calls of gRPC's health service are never counted. The limit is of one process.
///
/// ```
/// use kiteline_layers::RateLimit;
///
/// let all = RateLimit::per_second(1000.0).burst(100);
/// let logins = RateLimit::per_second(10.0).burst(1).only(["/users.v1.Users/Login"]);
/// let each_caller = RateLimit::per_second(50.0).per_peer();
/// let each_tenant = RateLimit::per_second(50.0).by(|call| call.cx.get("x-tenant"));
/// # let _ = (all, logins, each_caller, each_tenant);
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is added"]
pub struct RateLimit {
    per_second: f64,
    burst: Option<u32>,
    by: By,
    keys: usize,
    only: Methods,
}

/// What shares a limit.
#[derive(Clone)]
enum By {
    All,
    Method,
    Peer,
    Key(KeyOf),
}

impl fmt::Debug for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "All",
            Self::Method => "Method",
            Self::Peer => "Peer",
            Self::Key(_) => "Key",
        })
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per_second, burst, by, .. } = self;
        write!(f, "RateLimit({per_second} per second, burst {burst:?}, by {by:?})")
    }
}

impl RateLimit {
    /// So many calls per second, of all callers and methods together. What is below 0.000001 counts as that, what is above a
    /// thousand million as that.
    pub fn per_second(calls: f64) -> Self {
        Self { per_second: calls, burst: None, by: By::All, keys: KEYS, only: Methods::default() }
    }

    /// How many calls may come at once, 1 at least. Default: those of a second.
    pub fn burst(mut self, calls: u32) -> Self {
        self.burst = Some(calls);
        self
    }

    /// Limits each method by itself.
    pub fn per_method(mut self) -> Self {
        self.by = By::Method;
        self
    }

    /// Limits each address of callers by itself, whatever its port; of IPv6 each network of 64 bits, which is what one
    /// subscriber has. Behind a proxy that is the proxy's: see [`RateLimit::by`].
    pub fn per_peer(mut self) -> Self {
        self.by = By::Peer;
        self
    }

    /// Limits each key by itself: what the call's metadata, or a layer before this one, says of its caller. Calls without a key
    /// share a limit.
    pub fn by(mut self, key: impl Fn(&Call) -> Option<&str> + Send + Sync + 'static) -> Self {
        self.by = By::Key(Arc::new(key));
        self
    }

    /// How many addresses or keys are known at once, in 16 bytes each. Where there are more, the ones that have been idle
    /// longest are forgotten, and begin anew when they come again. Default 16,384.
    pub fn keys(mut self, most: usize) -> Self {
        self.keys = most;
        self
    }

    /// Limits these methods alone: `/package.Service/Method` (`/Service/Method` for Thrift), or `/package.Service/*`.
    pub fn only<P: AsRef<str>>(mut self, methods: impl IntoIterator<Item = P>) -> Self {
        self.only.add(methods);
        self
    }
}

impl<S> Layer<S> for RateLimit {
    type Service = Around<Limiter, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Around::new(Limiter::new(self), inner)
    }
}

/// A [`RateLimit`] with its states.
#[derive(Debug)]
pub struct Limiter {
    limit: RateLimit,
    gcra: Gcra,
    /// The zero of all times.
    epoch: Instant,
    states: States,
}

#[derive(Debug)]
enum States {
    One(AtomicU64),
    PerMethod(PerMethod<AtomicU64>),
    Keys(Keys),
}

impl Limiter {
    fn new(limit: &RateLimit) -> Self {
        let burst = limit.burst.unwrap_or(limit.per_second.ceil() as u32);
        let states = match limit.by {
            By::All => States::One(AtomicU64::default()),
            By::Method => States::PerMethod(PerMethod::default()),
            By::Peer | By::Key(_) => States::Keys(Keys::new(limit.keys)),
        };
        Self { limit: limit.clone(), gcra: Gcra::new(limit.per_second, burst), epoch: Instant::now(), states }
    }

    fn take(&self, call: &Call) -> Result<(), Duration> {
        let now = nanos(self.epoch);
        match &self.states {
            States::One(state) => self.gcra.take(state, now),
            States::PerMethod(all) => self.gcra.take(&all.of(call.method, AtomicU64::default), now),
            States::Keys(keys) => {
                let next = |state| self.gcra.next(state, now);
                match &self.limit.by {
                    By::Key(key) => keys.update(key(call).unwrap_or_default().as_bytes(), next),
                    _ => keys.update(&address(call), next),
                }
            }
        }
    }
}

/// The time since the beginning of a limit.
pub(crate) fn nanos(epoch: Instant) -> u64 {
    u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The error of a call that comes too early.
#[cold]
pub(crate) fn too_many(per_second: f64, wait: Duration) -> Error {
    exhausted(format!("too many calls: {per_second} per second are allowed"), REASON, wait)
}

/// What stands for the caller's address; zeros without one.
fn address(call: &Call) -> [u8; 16] {
    let mut bytes = [0; 16];
    match call.cx.peer().map(|peer| peer.ip().to_canonical()) {
        // As IPv6 maps them.
        Some(IpAddr::V4(ip)) => bytes = ip.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(ip)) => bytes[..8].copy_from_slice(&ip.octets()[..8]),
        None => {}
    }
    bytes
}

impl Policy for Limiter {
    fn call<S: Inner>(self: &Arc<Self>, call: Call, inner: &mut S) -> Handling {
        let counts = (self.limit.only.is_empty() || self.limit.only.has(call.method)) && !is_health(call.method);
        match counts.then(|| self.take(&call)) {
            Some(Err(wait)) => refuse(too_many(self.limit.per_second, wait)),
            _ => forward(call, inner),
        }
    }
}

#[cfg(test)]
mod tests {
    use kiteline_core::service::Idl;
    use kiteline_core::{Code, Context};

    use super::*;
    use crate::tests::{ADD, GET, called, serve};

    fn from(peer: &str) -> Context {
        Context::new().with_peer(peer.parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn calls_over_the_rate_are_told_when_to_come_again() {
        let mut service = serve(&RateLimit::per_second(10.0).burst(2));
        assert!(called(&mut service, &ADD, Context::new()).await.is_ok());
        assert!(called(&mut service, &GET, Context::new()).await.is_ok());
        let error = called(&mut service, &ADD, Context::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "ResourceExhausted: too many calls: 10 per second are allowed");
        assert_eq!((error.reason(), error.metadata().get("retry-after")), (REASON, Some("1")));
        let detail = &error.details()[0];
        assert_eq!(
            (detail.type_name.as_str(), &detail.value[..]),
            ("google.rpc.RetryInfo", &b"\x0a\x05\x10\x80\xc2\xd7\x2f"[..])
        );
        tokio::time::advance(Duration::from_millis(99)).await;
        assert_eq!(called(&mut service, &ADD, Context::new()).await.unwrap_err().code(), Code::ResourceExhausted);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(called(&mut service, &ADD, Context::new()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn methods_peers_and_keys_are_limited_by_themselves() {
        let limit = || RateLimit::per_second(1.0);
        let mut service = serve(&limit().per_method());
        let mut outcomes = Vec::new();
        for method in [&ADD, &GET, &ADD, &GET] {
            outcomes.push(called(&mut service, method, Context::new()).await.is_ok());
        }
        assert_eq!(outcomes, [true, true, false, false]);
        let mut service = serve(&limit().per_peer());
        let mut outcomes = Vec::new();
        let peers = ["1.2.3.4:1", "1.2.3.4:2", "1.2.3.5:1", "[::ffff:1.2.3.5]:9", "[2001:db8::1]:1", "[2001:db8::2]:1"];
        for cx in peers.map(from).into_iter().chain([Context::new(), Context::new()]) {
            outcomes.push(called(&mut service, &ADD, cx).await.is_ok());
        }
        assert_eq!(outcomes, [true, false, true, false, true, false, true, false]);
        let mut service = serve(&limit().by(|call| call.cx.get("tenant")));
        let mut outcomes = Vec::new();
        for tenant in ["a", "b", "a", "", ""] {
            let cx = if tenant.is_empty() { Context::new() } else { Context::new().with_header("tenant", tenant) };
            outcomes.push(called(&mut service, &ADD, cx).await.is_ok());
        }
        assert_eq!(outcomes, [true, true, false, true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn other_methods_and_health_are_not_counted() {
        static CHECK: kiteline_core::Method = kiteline_core::Method::new(Idl::Proto, "/grpc.health.v1.Health/Check", 0);
        let mut service = serve(&RateLimit::per_second(1.0).only([ADD.path, CHECK.path]));
        for (method, passes) in
            [(&ADD, true), (&ADD, false), (&GET, true), (&GET, true), (&CHECK, true), (&CHECK, true)]
        {
            assert_eq!(called(&mut service, method, Context::new()).await.is_ok(), passes, "{}", method.path);
        }
    }
}
