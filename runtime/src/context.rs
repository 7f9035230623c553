//! What travels beside a call: deadline, cancellation, peer, method and metadata.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::line::Line;
use crate::service::Method;

/// Ordered pairs of text that travel beside a call.
pub type Pairs = BTreeMap<String, String>;

/// Metadata of a call in both of its reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Seen by the next hop only.
    pub transient: Pairs,
    /// Handed on by every hop.
    pub persistent: Pairs,
}

/// What a handler knows about its call, and what it hands on to the calls it makes
/// (`client.add(req).with(cx)`): the rest of the deadline, persistent metadata and cancellation.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub(crate) deadline: Option<Instant>,
    /// In an `Arc`: to clone a token takes its lock.
    pub(crate) cancel: Option<Arc<Line<CancellationToken>>>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) method: Option<&'static Method>,
    pub(crate) metadata: Option<Arc<Metadata>>,
    /// The method whose handler makes this call.
    pub(crate) caller: Option<&'static Method>,
    /// What a balancer by key goes by.
    pub(crate) hash: Option<u64>,
    pub(crate) log_id: Option<Arc<str>>,
    backward: Place,
}

/// The pairs that a handler sends back, also where its error leaves them behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backward(Arc<OnceLock<Mutex<Pairs>>>);

impl Backward {
    /// This place for another call, where nobody else has it and nothing is in it; else a new one.
    #[cfg(feature = "thrift")]
    pub(crate) fn again(&mut self) -> Self {
        if Arc::get_mut(&mut self.0).is_none_or(|pairs| pairs.get().is_some()) {
            *self = Self::default();
        }
        self.clone()
    }

    fn add(&self, key: String, value: String) {
        let pairs = self.0.get_or_init(Mutex::default);
        pairs.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }

    pub(crate) fn take(&self) -> Pairs {
        let take = |pairs: &Mutex<Pairs>| std::mem::take(&mut *pairs.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.get().map(take).unwrap_or_default()
    }
}

/// Where a context's pairs are: in a place of its own, from the first of them on, or in one that it was given.
#[derive(Clone, Debug)]
enum Place {
    Own(OnceLock<Backward>),
    #[cfg(feature = "thrift")]
    Given(Backward),
}

impl Default for Place {
    fn default() -> Self {
        Self::Own(OnceLock::new())
    }
}

impl Place {
    fn get(&self) -> Option<&Backward> {
        match self {
            Self::Own(place) => place.get(),
            #[cfg(feature = "thrift")]
            Self::Given(place) => Some(place),
        }
    }
}

impl Context {
    /// An empty context: no deadline, no metadata, never cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// The moment after which nobody waits for the answer.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What is left until the deadline; zero when it has passed, `None` without one.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Sets the deadline, never later than the one that is already there.
    #[must_use]
    pub fn with_deadline(mut self, at: Instant) -> Self {
        self.deadline = Some(self.deadline.map_or(at, |old| old.min(at)));
        self
    }

    /// Sets what cancels the call.
    #[must_use]
    pub fn with_cancellation(mut self, token: CancellationToken) -> Self {
        self.cancel = Some(Arc::new(Line(token)));
        self
    }

    /// Sets the address of the other side.
    #[must_use]
    pub fn with_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Sets the method that is called.
    #[must_use]
    pub fn with_method(mut self, method: &'static Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Sets the key of the call, for a channel that chooses instances by key
    /// ([`Hashed`](crate::balance::Hashed)). Calls that a handler makes do not inherit it.
    #[must_use]
    pub fn with_hash(mut self, key: impl AsRef<[u8]>) -> Self {
        self.hash = Some(crate::balance::hash_of(key.as_ref()));
        self
    }

    /// Replaces the metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = Some(Arc::new(metadata));
        self
    }

    /// Adds a pair that the next hop sees.
    #[must_use]
    pub fn with_transient(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.edit().transient.insert(key.into(), value.into());
        self
    }

    /// Adds a pair that every hop hands on.
    #[must_use]
    pub fn with_persistent(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.edit().persistent.insert(key.into(), value.into());
        self
    }

    fn edit(&mut self) -> &mut Metadata {
        Arc::make_mut(self.metadata.get_or_insert_default())
    }

    /// The other side's address, where a connection has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The method that is called.
    pub fn method(&self) -> Option<&'static Method> {
        self.method
    }

    /// The pairs that came with the call, if any.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_deref()
    }

    /// One pair by its key, transient before persistent.
    pub fn get(&self, key: &str) -> Option<&str> {
        let metadata = self.metadata.as_deref()?;
        metadata.transient.get(key).or_else(|| metadata.persistent.get(key)).map(String::as_str)
    }

    /// The id under which everybody on the way of a request logs it: a TTHeader carries it, and a
    /// call [`with`](crate::client::Request::with) this context hands it on.
    pub fn log_id(&self) -> Option<&str> {
        self.log_id.as_deref()
    }

    /// Sets the id for logs.
    #[must_use]
    pub fn with_log_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.log_id = Some(id.into());
        self
    }

    /// Whether the caller has gone away.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(|token| token.is_cancelled())
    }

    /// Ends when the caller goes away; never, when nothing can cancel this call. For tasks that
    /// a handler spawns: its own future is dropped at that moment anyway.
    pub async fn cancelled(&self) {
        match &self.cancel {
            // In a box: calls that nothing can cancel need not have room for it.
            Some(token) => Box::pin(token.cancelled()).await,
            None => std::future::pending().await,
        }
    }

    /// Sends a pair back beside the answer.
    pub fn send_back(&self, key: impl Into<String>, value: impl Into<String>) {
        let place = match &self.backward {
            Place::Own(place) => place.get_or_init(Backward::default),
            #[cfg(feature = "thrift")]
            Place::Given(place) => place,
        };
        place.add(key.into(), value.into());
    }

    /// Sets the place of these pairs, for a protocol that sends them beside errors too.
    #[cfg(feature = "thrift")]
    pub(crate) fn set_backward(&mut self, backward: Backward) {
        self.backward = Place::Given(backward);
    }

    /// Takes the pairs that go back; empty when a handler sent none.
    pub fn take_backward(&self) -> Pairs {
        self.backward.get().map(Backward::take).unwrap_or_default()
    }
}
