//! Keeps entries in etcd: one lease, all keys in one transaction, for ever.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::api::{Client, Event, WatchCreateRequest};
use super::connection::{CALL, Connection, EtcdError, PROBE, jitter};
use super::plan::Plan;
use super::{refused, store};
use crate::announcement::Wanted;
use crate::layout::{Entry, Layout};
use crate::registration::{Registered, Status};
use kiteline_core::lock::lock;

/// After a lease that was lost while etcd was away: many processes lose theirs in the same moment.
const LOST: Duration = Duration::from_millis(2500);
/// After a lease that was lost while etcd answered: somebody revoked it, most likely ours alone, or
/// this process was suspended. With all that follows it is less than a second.
const REVOKED: Duration = Duration::from_millis(800);
/// Before a key that somebody else wrote is written again: two processes that were given one
/// address must not write in a loop.
const STRANGER: Duration = Duration::from_secs(1);

/// One registration.
pub(super) struct Registrar {
    pub(super) connection: Arc<Connection>,
    /// The registry for messages.
    pub(super) name: String,
    pub(super) layouts: Vec<Arc<dyn Layout>>,
    pub(super) ttl: Duration,
    pub(super) wanted: watch::Receiver<Wanted>,
    pub(super) status: watch::Sender<Status>,
    pub(super) state: State,
}

/// The keys and the lease that a registrar has in etcd.
#[derive(Default)]
pub(super) struct State {
    /// The lease that is held; 0 when none is.
    lease: AtomicI64,
    /// Whether etcd was away since the lease was granted.
    troubled: AtomicBool,
    /// The lease was thought to be lost, and is not.
    back: Notify,
    /// The keys that may carry the lease, each with whether it has a transaction of its own.
    keys: Mutex<BTreeMap<String, bool>>,
}

impl Registrar {
    pub(super) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.keep() => {}
        }
        self.end().await;
        self.tell(Status::Stopped);
    }

    fn tell(&self, status: Status) {
        self.status.send_if_modified(|old| {
            let new = *old != status;
            *old = status;
            new
        });
    }

    async fn keep(&self) {
        loop {
            let lease = self.grant().await;
            tokio::select! {
                () = self.beat(lease) => {}
                () = self.guard(lease) => {}
            }
            self.state.lease.store(0, Ordering::Relaxed);
            self.keys(|keys| keys.clear());
            self.tell(Status::Lost);
            tracing::warn!(target: "runtime::registry::etcd::registrar", registry = %self.name, "the lease was lost; registering again");
            let troubled = self.state.troubled.swap(false, Ordering::Relaxed);
            sleep(jitter(if troubled { LOST } else { REVOKED })).await;
        }
    }

    fn keys<T>(&self, work: impl FnOnce(&mut BTreeMap<String, bool>) -> T) -> T {
        work(&mut lock(&self.state.keys))
    }

    /// A new lease, however long it takes.
    async fn grant(&self) -> i64 {
        loop {
            let ttl = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
            let grant = |client: Client| async move { client.grant(ttl).await };
            match self.connection.call(CALL, grant).await {
                Ok(granted) => {
                    self.state.lease.store(granted, Ordering::Relaxed);
                    return granted;
                }
                Err(error) => self.wait(&error).await,
            }
        }
    }

    async fn wait(&self, error: &EtcdError) {
        let registering =
            |status: &Status| matches!(status, Status::Registering | Status::Away(_) | Status::Refused(_));
        match error {
            EtcdError::Refused(text) => self.tell(Status::Refused(refused::read(text, &self.prefixes()))),
            EtcdError::Away(text) if registering(&self.status.borrow()) => self.tell(Status::Away(text.clone())),
            _ => {}
        }
        sleep(error.pause()).await;
    }

    fn prefixes(&self) -> Vec<String> {
        let wanted = self.wanted.borrow();
        let of = |layout: &Arc<dyn Layout>| wanted.instances.iter().map(|one| layout.prefix(&one.service)).collect();
        self.layouts.iter().flat_map::<Vec<String>, _>(of).collect()
    }

    /// Keeps the lease alive; ends when it is gone.
    async fn beat(&self, lease: i64) {
        let mut alive = Instant::now();
        let mut pause = self.ttl / 3;
        loop {
            sleep(pause).await;
            let reply = self.connection.call(self.ttl / 4, |client| async move {
                // The first reply is all that is wanted: a stream of its own for each beat cannot
                // be left hanging on a member that went away.
                client.keep_alive(lease).await
            });
            match reply.await {
                Ok(()) => {
                    alive = Instant::now();
                    pause = self.ttl / 3;
                    if *self.status.borrow() == Status::Lost {
                        self.state.back.notify_one();
                    }
                }
                Err(EtcdError::LeaseGone) => return,
                Err(error) => {
                    self.state.troubled.store(true, Ordering::Relaxed);
                    pause = error.pause().min(self.ttl / 6);
                    if alive.elapsed() > self.ttl {
                        self.tell(Status::Lost);
                    }
                }
            }
        }
    }

    /// Has in etcd what is wanted, however often that changes, and puts it again whenever it is not
    /// ours; ends when the lease is gone.
    async fn guard(&self, lease: i64) {
        let mut wanted = self.wanted.clone();
        let mut rest = Duration::ZERO;
        loop {
            let (plan, paused) = {
                let wanted = wanted.borrow_and_update();
                let instances = if wanted.paused { &[][..] } else { &wanted.instances[..] };
                (Plan::new(instances, &self.layouts, lease), wanted.paused)
            };
            // Never given up half-way: a put in flight could arrive after what comes next.
            let outcome = match self.establish(&plan, lease).await {
                Ok(revision) => {
                    self.tell(if paused { Status::Paused } else { self.registered(&plan) });
                    sleep(std::mem::take(&mut rest)).await;
                    tokio::select! {
                        outcome = self.watch(&plan, lease, revision) => outcome,
                        () = changed(&mut wanted) => continue,
                        () = self.state.back.notified() => continue,
                    }
                }
                Err(error) => Err(error),
            };
            match outcome {
                Ok(time) => {
                    sleep(time).await;
                    // A pause, so that a quarrel about a key does not become a busy loop.
                    rest = PROBE;
                }
                Err(EtcdError::LeaseGone) => return,
                Err(error) => {
                    self.state.troubled.store(true, Ordering::Relaxed);
                    tokio::select! {
                        () = self.wait(&error) => {}
                        // It may be what helps.
                        () = changed(&mut wanted) => {}
                    }
                }
            }
        }
    }

    fn registered(&self, plan: &Plan) -> Status {
        let keys = plan.entries().map(|entry| entry.key.clone()).collect();
        Status::Registered(Arc::new(Registered { registry: self.name.clone(), keys, lease: Some(self.ttl) }))
    }

    /// Removes the keys of earlier plans, puts those of this one; gives the revision from which on
    /// changes of the keys are news.
    async fn establish(&self, plan: &Plan, lease: i64) -> Result<i64, EtcdError> {
        if let Some(why) = plan.too_large() {
            return Err(EtcdError::Refused(why));
        }
        let new = plan.keys();
        // All of them, however often they were removed: etcd may have got older data back.
        let old: Vec<(String, bool)> = self.keys(|keys| {
            let old = keys.iter().filter(|(key, _)| !new.contains_key(*key));
            old.map(|(key, single)| (key.clone(), *single)).collect()
        });
        // Before the first put: what is given up half-way is removed later all the same.
        self.keys(|keys| keys.extend(new));
        let removed = store::withdraw(&self.connection, &old, lease).await?;
        let looked = store::repair(&self.connection, plan, lease).await?;
        Ok(looked.or(removed).unwrap_or_default())
    }

    /// Watches our keys, and those that are no longer; ends when one of them has to be put again or
    /// removed, with the time to wait before that, or with what broke the watch. A deleted key is
    /// put again at once, one that somebody overwrote after a moment.
    async fn watch(&self, plan: &Plan, lease: i64, revision: i64) -> Result<Duration, EtcdError> {
        let of = |key: &str| WatchCreateRequest {
            key: key.into(),
            start_revision: revision + 1,
            ..WatchCreateRequest::default()
        };
        let keys = self.keys(|keys| keys.keys().cloned().collect::<Vec<_>>());
        let Some((first, others)) = keys.split_first() else { return std::future::pending().await };
        let mut stream = self.connection.watch(of(first)).await?;
        for key in others {
            stream.watch(of(key)).await?;
        }
        // Older data were put back since: a watch from beyond their end would stay silent.
        if store::revision(&self.connection, first).await? < revision {
            return Ok(Duration::ZERO);
        }
        loop {
            let Some(answer) = stream.next().await? else {
                return Err(EtcdError::Away("the watch was canceled".to_owned()));
            };
            if answer.events.iter().any(|event| overwritten(event, plan, lease)) {
                tracing::warn!(target: "runtime::registry::etcd::registrar", keys = ?plan.keys(), "another process writes our keys: is its address the same?");
                return Ok(STRANGER);
            }
            if answer.events.iter().any(|event| is_wrong(event, plan, lease)) {
                return Ok(Duration::ZERO);
            }
        }
    }

    /// Takes the entries back: those alone that carry our lease, then the lease.
    async fn end(&self) {
        let lease = self.state.lease.load(Ordering::Relaxed);
        if lease == 0 {
            return;
        }
        let keys: Vec<(String, bool)> = self.keys(std::mem::take).into_iter().collect();
        if let Err(error) = store::withdraw(&self.connection, &keys, lease).await {
            tracing::warn!(target: "runtime::registry::etcd::registrar", why = error.text(), "could not deregister; the entries end with their lease");
            return;
        }
        let revoke = |client: Client| async move { client.revoke(lease).await };
        if let Err(error) = self.connection.call(CALL, revoke).await {
            tracing::debug!(target: "runtime::registry::etcd::registrar", why = error.text(), "could not revoke the lease; it ends by itself");
        }
    }
}

/// Ends when something else is wanted; never, when nobody can want it any more.
async fn changed(wanted: &mut watch::Receiver<Wanted>) {
    if wanted.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn entry<'a>(event: &Event, plan: &'a Plan) -> Option<&'a Entry> {
    let kv = event.kv.as_ref()?;
    plan.entries().find(|entry| entry.key.as_bytes() == kv.key)
}

fn overwritten(event: &Event, plan: &Plan, lease: i64) -> bool {
    let put = !event.is_delete() && entry(event, plan).is_some();
    put && event.kv.as_ref().is_some_and(|kv| kv.lease != lease)
}

/// Deleted, or holds what an earlier plan said; is there again although it is no longer to be.
fn is_wrong(event: &Event, plan: &Plan, lease: i64) -> bool {
    let (Some(kv), deleted) = (&event.kv, event.is_delete()) else { return false };
    match entry(event, plan) {
        Some(entry) => deleted || entry.value.as_bytes() != kv.value,
        None => !deleted && kv.lease == lease,
    }
}
