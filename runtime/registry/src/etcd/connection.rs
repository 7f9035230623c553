//! Connection to an etcd cluster: one member that is stuck to, the next one when it fails, a time limit round every
//! call. Knows nothing of what is asked.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;
use tonic::transport::Endpoint;

use super::api::{Client, WatchCreateRequest};
use super::channel::EtcdChannel;
pub(super) use super::error::EtcdError;
use super::error::{REFUSED, Recovery, is_open_to_all, judge};
use super::login::Login;
#[cfg(feature = "tls")]
use super::tls::Tls;
use super::url::{EtcdUrl, TlsFiles};
use super::watched::Watched;
use crate::common::Common;
use crate::error::Error;
use crate::password::Password;
use kiteline_core::lock::lock;

/// For one call.
pub(super) const CALL: Duration = Duration::from_secs(3);
/// Between two attempts while etcd is away: it is probed at least every 500 ms.
pub(super) const PROBE: Duration = Duration::from_millis(400);
const CONNECT: Duration = Duration::from_secs(2);
/// HTTP/2 pings notice a silent black hole; only while a call or a watch is open, because etcd
/// answers pings on idle connections with GOAWAY.
const PING: Duration = Duration::from_secs(6);
const PONG: Duration = Duration::from_secs(3);
/// One answer: a page of a list, or a watch's batch. etcd itself allows 2 GiB.
const ANSWER: usize = 64 << 20;

/// A client, what is under it, and since when it is there.
struct Made {
    client: Client,
    channel: Arc<EtcdChannel>,
    at: Instant,
}

type Cell = Arc<OnceCell<Made>>;

/// One member of the cluster, connected when it is first used.
#[derive(Default)]
struct Member {
    address: String,
    /// One client for calls and watches, so that one authentication serves both.
    client: Mutex<Cell>,
    /// Until when nobody connects, and why.
    closed: Mutex<Option<(Instant, EtcdError)>>,
}

impl Member {
    fn client(&self) -> MutexGuard<'_, Cell> {
        lock(&self.client)
    }

    /// Lets the next call make another client.
    fn forget(&self, used: &Cell) {
        let mut client = self.client();
        if Arc::ptr_eq(&client, used) {
            *client = Arc::default();
        }
    }

    fn close(&self, until: Instant, error: &EtcdError) {
        *lock(&self.closed) = Some((until, error.clone()));
    }

    fn closed(&self) -> Option<EtcdError> {
        let closed = lock(&self.closed);
        closed.as_ref().filter(|(until, _)| *until > Instant::now()).map(|(_, error)| error.clone())
    }
}

/// The ways to etcd that are open in this process.
static OPEN: Common<Way, Connection> = Common::new();

/// What makes one connection another than the next: process, members, user, TLS.
type Way = (u64, Vec<String>, Option<(String, Password)>, Option<Box<TlsFiles>>);

/// The connection to a cluster, shared by everything that a process does there as one user.
pub(super) struct Connection {
    members: Vec<Member>,
    current: AtomicUsize,
    login: Option<Login>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Connection {
    /// Opens the connection that a URL names. Reads the files that it and the environment name; connects to nothing.
    pub(super) fn open(url: &EtcdUrl) -> Result<Arc<Self>, Error> {
        let way = (url.process, url.members.clone(), url.user.clone(), url.tls.clone());
        OPEN.get(way, |_| Self::new(url))
    }

    pub(super) fn new(url: &EtcdUrl) -> Result<Self, Error> {
        let member = |address: &String| Member { address: address.clone(), ..Member::default() };
        Ok(Self {
            members: url.members.iter().map(member).collect(),
            current: AtomicUsize::new(0),
            login: url.user.as_ref().map(Login::open).transpose()?,
            #[cfg(feature = "tls")]
            tls: url.tls.as_deref().map(Tls::open).transpose()?,
        })
    }

    /// How many members there are.
    pub(super) fn count(&self) -> usize {
        self.members.len()
    }

    /// The members, for messages.
    pub(super) fn addresses(&self) -> String {
        let all: Vec<&str> = self.members.iter().map(|member| member.address.as_str()).collect();
        all.join(",")
    }

    /// Opens a watch of the range on the current member.
    pub(super) async fn watch(&self, wanted: WatchCreateRequest) -> Result<Watched<'_>, EtcdError> {
        // As long as it is the current one: a call in between that leaves it has seen the same.
        let place = self.current.load(Ordering::Relaxed);
        let open = |client: Client| async move { client.watch(wanted, ANSWER).await };
        let stream = self.call(CALL, open).await?;
        Ok(Watched { connection: self, place, stream })
    }

    /// Makes one call, `limit` at most; a member that does not answer is left for the next one.
    pub(super) async fn call<T, F>(&self, limit: Duration, call: impl FnOnce(Client) -> F) -> Result<T, EtcdError>
    where
        F: Future<Output = Result<T, super::api::Error>>,
    {
        let place = self.current.load(Ordering::Relaxed);
        let Some(member) = self.members.get(place) else {
            return Err(EtcdError::Away("no etcd member is known".to_owned()));
        };
        let cell = Arc::clone(&member.client());
        let used = cell.get().map(|made| made.channel.now());
        let work = async {
            // One authentication at a time: others wait for the cell.
            let made = cell.get_or_try_init(|| self.connect(member)).await?;
            call(made.client.clone()).await.map_err(|error| judge(&error))
        };
        let (mut error, step) = match tokio::time::timeout(limit, work).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failed)) => failed,
            Err(_) => {
                // It may lead nowhere for ever, and pings notice that later than a call does. Not
                // another client, which would authenticate.
                let renewed = cell.get().map(|Made { channel, .. }| {
                    channel.renew(&used.unwrap_or_else(|| channel.now()), || self.endpoint(member))
                });
                if let Some(Err(_)) = renewed {
                    member.forget(&cell);
                }
                (EtcdError::Away(format!("no answer in {limit:?}")), Recovery::Leave)
            }
        };
        match step {
            Recovery::Stay => {}
            Recovery::Leave => self.leave(place),
            Recovery::Renew | Recovery::Locked | Recovery::Untrusted => {
                member.forget(&cell);
                let made = cell.get().map(|made| made.at + REFUSED);
                error = shut(member, error, step, made);
            }
        }
        if step == Recovery::Untrusted {
            self.leave(place);
        }
        Err(error)
    }

    /// Goes on to the next member, unless somebody else already did.
    pub(super) fn leave(&self, place: usize) {
        let next = (place + 1) % self.members.len().max(1);
        let _ = self.current.compare_exchange(place, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// A new client, authenticated.
    async fn connect(&self, member: &Member) -> Result<Made, (EtcdError, Recovery)> {
        if let Some(error) = member.closed() {
            return Err((error, Recovery::Stay));
        }
        let channel = EtcdChannel::new(&self.endpoint(member).map_err(|error| judge(&error.into()))?);
        let open = |login| Client::new(channel.channel(), login);
        let made = match &self.login {
            None => open(None).await,
            Some(login) => {
                let login = login.now().map_err(|error| (error, Recovery::Stay))?;
                match open(Some(login)).await {
                    Err(error) if is_open_to_all(&error) => open(None).await,
                    made => made,
                }
            }
        };
        let client = made.map_err(|error| judge(&error)).inspect_err(|(error, step)| {
            // Whoever waits for the cell must not try the same again.
            if matches!(error, EtcdError::Refused(_)) {
                shut(member, error.clone(), *step, None);
            }
        })?;
        Ok(Made { client, channel, at: Instant::now() })
    }

    /// How to connect, with the TLS files of now.
    fn endpoint(&self, member: &Member) -> Result<Endpoint, tonic::transport::Error> {
        let scheme = if self.is_secret() { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{}", member.address))?
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .keep_alive_while_idle(false);
        self.secure(endpoint)
    }

    #[cfg(feature = "tls")]
    fn is_secret(&self) -> bool {
        self.tls.is_some()
    }

    #[cfg(not(feature = "tls"))]
    fn is_secret(&self) -> bool {
        false
    }

    #[cfg(feature = "tls")]
    fn secure(&self, endpoint: Endpoint) -> Result<Endpoint, tonic::transport::Error> {
        match &self.tls {
            Some(tls) => endpoint.tls_config(tls.config().timeout(CONNECT)),
            None => Ok(endpoint),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn secure(&self, endpoint: Endpoint) -> Result<Endpoint, tonic::transport::Error> {
        Ok(endpoint)
    }
}

/// Closes a member for a while after what it does not want, or a new token that is worth nothing
/// either; gives what the caller is told.
fn shut(member: &Member, error: EtcdError, step: Recovery, made: Option<Instant>) -> EtcdError {
    let now = Instant::now();
    let until = match (step, made) {
        (Recovery::Renew, Some(until)) if until > now => until,
        (Recovery::Renew, _) => return error,
        _ => now + REFUSED,
    };
    let error = EtcdError::Refused(error.text().to_owned());
    member.close(until, &error);
    error
}

/// A wait of up to `most`, different in every process: many that lost the same etcd must not come
/// back in the same moment.
pub(super) fn jitter(most: Duration) -> Duration {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    most.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64)
}
