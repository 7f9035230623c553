//! The context of a call: deadline, cancellation, peer, method and metadata.

mod values;

use std::any::Any;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::cache_padded::CachePadded;
use crate::cancellation::{Cancellation, Ends};
use crate::certificate::PeerCertificate;
use crate::lock::lock;
use crate::metadata::{Held, Metadata, Reach, Unread, Value};
use crate::service::Method;

/// The context of a call: what its handler knows about it, and what it hands on to the calls it makes
/// (`client.add(req).with(cx)`): the rest of the caller's deadline, persistent metadata and cancellation.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// When the call has to end: the caller's deadline, or an earlier limit of the server's own.
    deadline: Option<Instant>,
    /// Whether that is the caller's.
    of_caller: bool,
    cancel: Option<Ends>,
    peer: Option<SocketAddr>,
    method: Option<&'static Method>,
    metadata: Held,
    /// The method whose handler makes this call.
    caller: Option<&'static Method>,
    rare: Option<Arc<Rare>>,
    /// Made when something is left there, or given by a protocol that sends it beside errors too.
    reply: OnceLock<ReplySlot>,
}

/// The headers of a trace (W3C Trace Context) and the id of a request, which every hop hands on: plain on gRPC and HTTP,
/// transient pairs on a TTHeader.
const HANDED_ON: [&str; 3] = ["traceparent", "tracestate", "x-request-id"];

/// What few calls have: in memory of its own, so that contexts stay small.
#[derive(Clone, Debug, Default)]
struct Rare {
    /// The caller's deadline where this process has an earlier limit.
    caller_deadline: Option<Instant>,
    /// What a balancer by key goes by.
    hash: Option<u64>,
    log_id: Option<Arc<str>>,
    certificate: Option<Arc<PeerCertificate>>,
    /// One of each type.
    values: Vec<Arc<dyn Any + Send + Sync>>,
}

/// Metadata that goes back to a caller.
#[derive(Debug, Default)]
pub struct ReplyMetadata {
    /// In front of the answer.
    pub head: Metadata,
    /// Behind it.
    pub trailers: Metadata,
}

/// The slot in which a handler leaves metadata for its caller; it stays there when the handler fails.
#[derive(Clone, Debug, Default)]
pub struct ReplySlot(Arc<OnceLock<Mutex<ReplyMetadata>>>);

impl ReplySlot {
    /// This slot for another call, where nobody else has it and nothing is in it; else a new one.
    pub fn again(&mut self) -> Self {
        if Arc::get_mut(&mut self.0).is_none_or(|sent| sent.get().is_some()) {
            *self = Self::default();
        }
        self.clone()
    }

    fn edit(&self, change: impl FnOnce(&mut ReplyMetadata)) {
        let sent = self.0.get_or_init(Mutex::default);
        change(&mut lock(sent));
    }

    /// Takes what was left there.
    pub fn take(&self) -> ReplyMetadata {
        let take = |sent: &Mutex<ReplyMetadata>| std::mem::take(&mut *lock(sent));
        self.0.get().map(take).unwrap_or_default()
    }
}

/// For protocols and clients: what a call on a wire says, in place.
#[doc(hidden)]
impl Context {
    /// A call on a connection: its peer, and what ends when that goes away.
    pub fn of_connection(peer: SocketAddr, gone: Arc<CachePadded<CancellationToken>>) -> Self {
        // Field by field: each `with_` method would move all of it.
        let mut cx = Self::new();
        cx.peer = Some(peer);
        cx.cancel = Some(Ends::Connection(gone));
        cx
    }

    /// Sets what cancels this call alone.
    pub fn set_cancellation(&mut self, cancellation: &Cancellation) {
        self.cancel = Some(Ends::Call(cancellation.clone()));
    }

    /// Sets the method that is called.
    pub fn set_method(&mut self, method: &'static Method) {
        self.method = Some(method);
    }

    /// Sets the metadata that came with the call.
    pub fn set_metadata(&mut self, metadata: Option<Metadata>) {
        self.metadata = metadata.map(Held::new).unwrap_or_default();
    }

    /// Sets metadata that is read when it is asked for.
    pub fn set_unread_metadata(&mut self, metadata: impl Unread) {
        self.metadata = Held::unread(metadata);
    }

    /// Whether anything can cancel this call.
    pub fn has_cancellation(&self) -> bool {
        self.cancel.is_some()
    }

    /// The method whose handler makes this call.
    pub fn caller(&self) -> Option<&'static Method> {
        self.caller
    }

    /// Makes this call a part of another one: it ends at that one's caller's deadline and when its caller goes
    /// away, and takes its persistent metadata, its trace and its ids for logs along.
    pub fn join(&mut self, other: &Self) {
        if let Some(deadline) = other.caller_deadline() {
            self.set_deadline(deadline);
        }
        self.cancel = other.cancel.clone().or(self.cancel.take());
        self.caller = other.method;
        if let Some(id) = other.rare.as_ref().and_then(|rare| rare.log_id.clone()) {
            self.set_log_id(id);
        }
        let Some(metadata) = other.metadata() else { return };
        for (name, value) in metadata.persistent().iter() {
            self.edit().append_to(Reach::Persistent, name, value.clone());
        }
        for name in HANDED_ON {
            if let (Some(value), None) = (metadata.get(name), self.get(name)) {
                self.edit().append(name, value);
            }
        }
    }
}

impl Context {
    /// An empty context: no deadline, no metadata, never cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// When the call has to end: at its caller's deadline, or at an earlier limit of this server's own.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The moment after which the caller does not wait for the answer. Calls that a handler makes
    /// `with` its context end at it, too.
    pub fn caller_deadline(&self) -> Option<Instant> {
        if self.of_caller { self.deadline } else { self.rare.as_ref()?.caller_deadline }
    }

    /// The time until [`Context::deadline`]; zero when it has passed, `None` without one.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Sets the caller's deadline, never later than the one that is already there.
    #[must_use]
    pub fn with_deadline(mut self, at: Instant) -> Self {
        self.set_deadline(at);
        self
    }

    /// Sets a limit of this process: the call has to end at it, and nobody else is told.
    #[must_use]
    pub fn with_limit(mut self, at: Instant) -> Self {
        self.set_limit(at);
        self
    }

    /// As [`Context::with_deadline`], in place. For protocols.
    #[doc(hidden)]
    pub fn set_deadline(&mut self, at: Instant) {
        if self.caller_deadline().is_some_and(|old| old <= at) {
            return;
        }
        if self.deadline.is_none_or(|limit| at <= limit) {
            (self.deadline, self.of_caller) = (Some(at), true);
        } else {
            self.rare().caller_deadline = Some(at);
        }
    }

    /// As [`Context::with_limit`], in place. For protocols.
    #[doc(hidden)]
    pub fn set_limit(&mut self, at: Instant) {
        if self.deadline.is_some_and(|old| old <= at) {
            return;
        }
        if self.of_caller {
            self.rare().caller_deadline = self.deadline;
        }
        (self.deadline, self.of_caller) = (Some(at), false);
    }

    /// Sets what cancels the call.
    #[must_use]
    pub fn with_cancellation(mut self, token: CancellationToken) -> Self {
        self.cancel = Some(Ends::Call(token.into()));
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
    /// (`runtime::balance::Hashed`). Calls that a handler makes do not inherit it.
    #[must_use]
    pub fn with_hash(mut self, key: impl AsRef<[u8]>) -> Self {
        self.rare().hash = Some(crate::fnv::hash_of(key.as_ref()));
        self
    }

    /// Replaces the metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = Held::new(metadata);
        self
    }

    /// Adds a header for the next hop: plain on gRPC and HTTP, a transient pair on a TTHeader.
    /// Others of its name stay.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Self {
        self.edit().append(name, value);
        self
    }

    /// Sets a transient pair of Kitex's: the next hop sees it.
    #[must_use]
    pub fn with_transient(mut self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Self {
        self.edit().set_in(Reach::Transient, name, value);
        self
    }

    /// Sets a persistent pair of Kitex's: every hop hands it on.
    #[must_use]
    pub fn with_persistent(mut self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Self {
        self.edit().set_in(Reach::Persistent, name, value);
        self
    }

    /// The metadata of a call that is made. For clients.
    #[doc(hidden)]
    pub fn edit(&mut self) -> &mut Metadata {
        self.metadata.edit()
    }

    /// The other side's address, where a connection has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The certificate that the other side proved to have, where the server asks for one (`client_ca` of
    /// `[server.tls]`).
    ///
    /// ```
    /// # fn handle(cx: &kiteline_core::Context) -> Result<(), kiteline_core::Error> {
    /// let caller = cx.peer_certificate().and_then(|certificate| certificate.common_name());
    /// if caller != Some("orders") {
    ///     return Err(kiteline_core::Error::new(kiteline_core::Code::PermissionDenied, "orders alone may ask"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_certificate(&self) -> Option<&PeerCertificate> {
        self.rare.as_ref()?.certificate.as_deref()
    }

    /// Sets the certificate of the other side. For servers.
    #[doc(hidden)]
    pub fn set_peer_certificate(&mut self, certificate: Arc<PeerCertificate>) {
        self.rare().certificate = Some(certificate);
    }

    /// The method that is called.
    pub fn method(&self) -> Option<&'static Method> {
        self.method
    }

    /// The metadata that came with the call, if any.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.get()
    }

    /// The text of one name in the call's metadata; see [`Metadata::get`].
    pub fn get(&self, name: &str) -> Option<&str> {
        self.metadata()?.get(name)
    }

    /// The id under which everybody on the way of a request logs it: a TTHeader carries it, and a
    /// call `with` this context hands it on.
    pub fn log_id(&self) -> Option<&str> {
        self.rare.as_ref()?.log_id.as_deref()
    }

    /// Sets the id for logs.
    #[must_use]
    pub fn with_log_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.set_log_id(id.into());
        self
    }

    /// As [`Context::with_log_id`], in place. For protocols.
    #[doc(hidden)]
    pub fn set_log_id(&mut self, id: Arc<str>) {
        self.rare().log_id = Some(id);
    }

    fn rare(&mut self) -> &mut Rare {
        Arc::make_mut(self.rare.get_or_insert_default())
    }

    /// The key of a balancer by hash. For clients.
    #[doc(hidden)]
    pub fn hash(&self) -> Option<u64> {
        self.rare.as_ref()?.hash
    }

    /// Whether the caller has gone away.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(Ends::is_cancelled)
    }

    /// Ends when the caller goes away; never, when nothing can cancel this call. For tasks that
    /// a handler spawns: its own future is dropped at that moment anyway.
    pub async fn cancelled(&self) {
        match &self.cancel {
            // In a box: calls that nothing can cancel need not have room for it.
            Some(ends) => Box::pin(ends.token().cancelled()).await,
            None => std::future::pending().await,
        }
    }

    /// Sends a header back in front of the answer, or beside the error.
    pub fn send_back(&self, name: impl Into<Box<str>>, value: impl Into<Value>) {
        self.reply_slot().edit(|sent| sent.head.append(name, value));
    }

    /// Sends metadata back behind the answer, or beside the error. Where a protocol has one place
    /// for both (a TTHeader), it stands there.
    pub fn send_trailer(&self, name: impl Into<Box<str>>, value: impl Into<Value>) {
        self.reply_slot().edit(|sent| sent.trailers.append(name, value));
    }

    fn reply_slot(&self) -> &ReplySlot {
        self.reply.get_or_init(ReplySlot::default)
    }

    /// Sets where metadata for the caller is left. For protocols.
    #[doc(hidden)]
    pub fn set_reply_slot(&mut self, slot: ReplySlot) {
        self.reply = slot.into();
    }

    /// Takes what goes back to the caller; empty when the handler sent nothing. For protocols.
    #[doc(hidden)]
    pub fn take_reply_metadata(&self) -> ReplyMetadata {
        self.reply.get().map(ReplySlot::take).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
