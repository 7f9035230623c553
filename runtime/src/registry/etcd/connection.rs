//! The way to etcd: one member that is stuck to, the next one when it fails, a time limit round
//! every call. Knows nothing of what is asked.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_client::{Channel, Client, ConnectOptions, WatchOptions, WatchStream};
use tokio::sync::OnceCell;
use tonic::Code;
use tonic::transport::Endpoint;

use crate::registry::url::EtcdUrl;

/// For one call.
pub(super) const CALL: Duration = Duration::from_secs(3);
/// Between two attempts while etcd is away: it is probed at least every 500 ms.
pub(super) const PROBE: Duration = Duration::from_millis(400);
/// Between two attempts while etcd refuses what is asked: no loop over a wrong password.
const REFUSED: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(2);
/// HTTP/2 pings notice a silent black hole; only while a call or a watch is open, because etcd
/// answers pings on idle connections with GOAWAY.
const PING: Duration = Duration::from_secs(6);
const PONG: Duration = Duration::from_secs(3);
/// One answer: a page of a list, or a watch's batch. etcd itself allows 2 GiB.
const ANSWER: usize = 64 << 20;

/// Why a call to etcd gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody answered in time; another member is tried next.
    Away(String),
    /// The lease is no longer known.
    LeaseGone,
    /// etcd answered and did not want to.
    Refused(String),
}

impl Fault {
    fn of(error: &etcd_client::Error) -> Self {
        use etcd_client::Error;
        match error {
            // The client makes this of a reply whose TTL is 0.
            Error::LeaseKeepAliveError(_) => Self::LeaseGone,
            Error::GRpcStatus(status) => match status.code() {
                Code::NotFound if status.message().contains("lease") => Self::LeaseGone,
                Code::Unauthenticated
                | Code::PermissionDenied
                | Code::InvalidArgument
                | Code::ResourceExhausted
                | Code::FailedPrecondition => Self::Refused(status.message().to_owned()),
                _ => Self::Away(text(status.message(), status)),
            },
            other => Self::Away(other.to_string()),
        }
    }

    /// How long to wait before the next attempt.
    pub(super) fn pause(&self) -> Duration {
        match self {
            Self::Refused(_) => REFUSED,
            _ => PROBE,
        }
    }

    /// What was seen, for people.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Away(text) | Self::Refused(text) => text,
            Self::LeaseGone => "the lease is gone",
        }
    }
}

/// tonic's own "transport error" says less than its causes.
fn text(message: &str, error: &dyn std::error::Error) -> String {
    let mut cause = error.source();
    let mut last = message.to_owned();
    while let Some(inner) = cause {
        last = inner.to_string();
        cause = inner.source();
    }
    last
}

/// One member of the cluster, connected when it is first used.
#[derive(Default)]
struct Member {
    address: String,
    calls: Mutex<Arc<OnceCell<Client>>>,
    /// A second client whose every call requires a leader: a watch on a member that was cut off
    /// from the others would stay silent for ever.
    watches: Mutex<Arc<OnceCell<Client>>>,
}

impl Member {
    fn place(&self, watch: bool) -> MutexGuard<'_, Arc<OnceCell<Client>>> {
        let place = if watch { &self.watches } else { &self.calls };
        place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a connection that gave no answer in time: it may lead nowhere for ever, and pings
    /// notice that later than a call does.
    fn forget(&self, watch: bool, used: &Arc<OnceCell<Client>>) {
        let mut place = self.place(watch);
        if Arc::ptr_eq(&place, used) {
            *place = Arc::default();
        }
    }
}

/// The way to etcd, shared by everything that one [`crate::Registry`] does there.
pub(super) struct Connection {
    members: Vec<Member>,
    current: AtomicUsize,
    user: Option<(String, String)>,
}

impl Connection {
    pub(super) fn new(url: &EtcdUrl) -> Self {
        let member = |address: &String| Member { address: address.clone(), ..Member::default() };
        Self { members: url.members.iter().map(member).collect(), current: AtomicUsize::new(0), user: url.user.clone() }
    }

    /// The members, for messages.
    pub(super) fn addresses(&self) -> String {
        let all: Vec<&str> = self.members.iter().map(|member| member.address.as_str()).collect();
        all.join(",")
    }

    /// Makes one call, `limit` at most; a member that does not answer is left for the next one.
    pub(super) async fn call<T, F>(&self, limit: Duration, call: impl FnOnce(Client) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, etcd_client::Error>>,
    {
        self.attempt(limit, false, call).await
    }

    /// Opens a watch of the range on the current member.
    pub(super) async fn watch(&self, key: Vec<u8>, options: WatchOptions) -> Result<WatchStream, Fault> {
        self.attempt(CALL, true, |client| async move {
            let mut watches = client.watch_client().max_decoding_message_size(ANSWER);
            watches.watch(key, Some(options)).await
        })
        .await
    }

    async fn attempt<T, F>(&self, limit: Duration, watch: bool, call: impl FnOnce(Client) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, etcd_client::Error>>,
    {
        let place = self.current.load(Ordering::Relaxed);
        let Some(member) = self.members.get(place) else {
            return Err(Fault::Away("no etcd member is known".to_owned()));
        };
        let cell = Arc::clone(&member.place(watch));
        let work = async {
            // One authentication at a time: others wait for the cell.
            let client = cell.get_or_try_init(|| connect(member, &self.user, watch)).await?;
            call(client.clone()).await
        };
        let fault = match tokio::time::timeout(limit, work).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Fault::of(&error),
            Err(_) => {
                member.forget(watch, &cell);
                Fault::Away(format!("no answer in {limit:?}"))
            }
        };
        if matches!(fault, Fault::Away(_)) {
            self.leave(place);
        }
        Err(fault)
    }

    /// Goes on to the next member, unless somebody else already did.
    fn leave(&self, place: usize) {
        let next = (place + 1) % self.members.len().max(1);
        let _ = self.current.compare_exchange(place, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

async fn connect(member: &Member, user: &Option<(String, String)>, watch: bool) -> Result<Client, etcd_client::Error> {
    let channel = Endpoint::from_shared(format!("http://{}", member.address))?
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .keep_alive_while_idle(false)
        .connect_lazy();
    let mut options = ConnectOptions::new().with_require_leader(watch);
    if let Some((user, password)) = user {
        options = options.with_user(user, password).with_auto_token_refresh(true);
    }
    Client::from_channel(Channel::Tonic(channel), Some(options)).await
}

/// A wait of up to `most`, different in every process: many that lost the same etcd must not come
/// back in the same moment.
pub(super) fn jitter(most: Duration) -> Duration {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    most.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64)
}
