//! A registration that runs in the background: it never fails because the registry is away.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::announcement::Wanted;
use super::error::Error;
use super::instance::DEFAULT_WEIGHT;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long [`Registration::deregister`] waits for a registry that does not answer.
const DEREGISTER: Duration = Duration::from_secs(5);

/// The status of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// The first attempt is under way.
    Registering,
    /// The registry is not there; it is tried again until it is. The text says what was seen.
    Away(String),
    /// The registry answers and does not want to, such as for a wrong password; it is asked again.
    Refused(Refused),
    /// Others can find it.
    Registered(Arc<Registered>),
    /// It was registered and is no longer; it is being registered again.
    Lost,
    /// Taken back by [`Registration::pause`], until [`Registration::resume`].
    Paused,
    /// Deregistered for good.
    Stopped,
}

/// Why a registry does not take a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The kind of reason.
    pub reason: Reason,
    /// The registry's own words, and what to change.
    pub text: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Kinds of reasons for which a registry refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The TLS handshake failed: it is not the etcd that is trusted, or it does not trust this process.
    Untrusted,
    /// The user may not write where the keys stand.
    Permission,
    /// No user, or a wrong user or password.
    Credentials,
    /// An entry, or all of them, are larger than what the registry takes.
    TooLarge,
    /// The registry's store is full.
    NoSpace,
    /// Anything else.
    Other,
}

/// The services that were registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The registry, such as `etcd 127.0.0.1:2379`.
    pub registry: String,
    /// The keys there; service names where the registry has no keys.
    pub keys: Vec<String>,
    /// The lease's time to live, where there is a lease.
    pub lease: Option<Duration>,
}

impl fmt::Display for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "registered in {} as {}", self.registry, self.keys.join(", "))?;
        match self.lease {
            Some(lease) => write!(f, ", lease {} s", lease.as_secs()),
            None => Ok(()),
        }
    }
}

/// Keeps instances registered as long as it lives. Dropped, it deregisters in the background,
/// best effort; [`Registration::deregister`] waits for that.
#[must_use = "dropping a registration deregisters"]
#[derive(Debug)]
pub struct Registration {
    pub(super) status: watch::Receiver<Status>,
    pub(super) wanted: watch::Sender<Wanted>,
    pub(super) stop: CancellationToken,
    pub(super) task: Option<JoinHandle<()>>,
}

impl Registration {
    /// The status, and every change of it.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Whether others can find it now.
    pub fn is_registered(&self) -> bool {
        matches!(*self.status.borrow(), Status::Registered(_))
    }

    /// Waits until others can find it; for ever when the registry never comes.
    pub async fn registered(&self) -> Option<Arc<Registered>> {
        let mut status = self.status.clone();
        let found = status.wait_for(|status| matches!(status, Status::Registered(_) | Status::Stopped)).await;
        match found.ok().as_deref() {
            Some(Status::Registered(registered)) => Some(registered.clone()),
            _ => None,
        }
    }

    /// Sets the weight of all its instances from now on; 0 becomes the default of 10. Returns at
    /// once: others see it as soon as the registry has it.
    pub fn set_weight(&self, weight: u32) {
        let weight = if weight == 0 { DEFAULT_WEIGHT } else { weight };
        self.wanted.send_modify(|wanted| wanted.instances.iter_mut().for_each(|one| one.weight = weight));
    }

    /// Takes the entries back until [`Registration::resume`]; the status becomes
    /// [`Status::Paused`]. The lease, where there is one, stays.
    pub fn pause(&self) {
        self.wanted.send_modify(|wanted| wanted.paused = true);
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.wanted.send_modify(|wanted| wanted.paused = false);
    }

    /// Waits until others can find it, `timeout` at most.
    ///
    /// # Errors
    /// [`Error::NotRegistered`] when they cannot, with what was last seen of the registry.
    pub async fn registered_within(&self, timeout: Duration) -> Result<Arc<Registered>, Error> {
        if let Ok(Some(registered)) = tokio::time::timeout(timeout, self.registered()).await {
            return Ok(registered);
        }
        let why = match &*self.status.borrow() {
            Status::Away(why) => why.clone(),
            Status::Refused(refused) => refused.to_string(),
            _ => "no answer so far".to_owned(),
        };
        let services: Vec<String> = self.wanted.borrow().instances.iter().map(|one| one.service.clone()).collect();
        Err(Error::NotRegistered { services: services.join(", "), waited: timeout, why })
    }

    /// Takes the entries back, those alone that are still ours. Gives up after 5 s: the lease
    /// ends by itself then.
    pub async fn deregister(mut self) {
        self.stop.cancel();
        let Some(task) = self.task.take() else { return };
        let abort = task.abort_handle();
        if tokio::time::timeout(DEREGISTER, task).await.is_err() {
            abort.abort();
            tracing::warn!(target: "runtime::registry::registration", "the registry did not answer the deregistration; the entries end with their lease");
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
