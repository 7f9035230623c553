//! Keeps entries in etcd: one lease, all keys in one transaction, for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use etcd_client::{Compare, CompareOp, Event, EventType, PutOptions, Txn, TxnOp, TxnOpResponse, WatchOptions};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::connection::{CALL, Connection, Fault, PROBE, jitter};
use crate::registry::layout::Entry;
use crate::registry::registration::{Registered, Status};

/// After a lease that was lost while etcd was away: many processes lose theirs in the same moment.
const LOST: Duration = Duration::from_millis(2500);
/// After a lease that was lost while etcd answered: somebody revoked it, most likely ours alone.
const REVOKED: Duration = Duration::from_secs(1);
/// Before a key that somebody else wrote is written again: two processes that were given one
/// address must not write in a loop.
const STRANGER: Duration = Duration::from_secs(1);

/// One registration.
pub(super) struct Registrar {
    connection: Arc<Connection>,
    entries: Vec<Entry>,
    ttl: Duration,
    registered: Arc<Registered>,
    status: watch::Sender<Status>,
    /// The lease that is held; 0 when none is.
    lease: AtomicI64,
    /// Whether etcd was away since the lease was granted.
    troubled: AtomicBool,
}

impl Registrar {
    pub(super) fn new(
        connection: Arc<Connection>,
        registry: String,
        entries: Vec<Entry>,
        ttl: Duration,
        status: watch::Sender<Status>,
    ) -> Self {
        let keys = entries.iter().map(|entry| entry.key.clone()).collect();
        let registered = Arc::new(Registered { registry, keys, lease: Some(ttl) });
        Self {
            connection,
            entries,
            ttl,
            registered,
            status,
            lease: AtomicI64::new(0),
            troubled: AtomicBool::new(false),
        }
    }

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
            self.lease.store(0, Ordering::Relaxed);
            self.tell(Status::Lost);
            tracing::warn!(registry = %self.registered.registry, "the lease was lost; registering again");
            let troubled = self.troubled.swap(false, Ordering::Relaxed);
            sleep(jitter(if troubled { LOST } else { REVOKED })).await;
        }
    }

    /// A new lease, however long it takes.
    async fn grant(&self) -> i64 {
        loop {
            let ttl = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
            let granted =
                self.connection.call(CALL, |client| async move { client.lease_client().grant(ttl, None).await });
            match granted.await {
                Ok(granted) => {
                    self.lease.store(granted.id(), Ordering::Relaxed);
                    return granted.id();
                }
                Err(fault) => self.wait(&fault).await,
            }
        }
    }

    async fn wait(&self, fault: &Fault) {
        let registering =
            |status: &Status| matches!(status, Status::Registering | Status::Away(_) | Status::Refused(_));
        let text = fault.text().to_owned();
        match fault {
            Fault::Refused(_) => self.tell(Status::Refused(text)),
            Fault::Away(_) if registering(&self.status.borrow()) => self.tell(Status::Away(text)),
            _ => {}
        }
        sleep(fault.pause()).await;
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
                client.lease_client().keep_alive(lease).await.map(drop)
            });
            match reply.await {
                Ok(()) => {
                    alive = Instant::now();
                    pause = self.ttl / 3;
                }
                Err(Fault::LeaseGone) => return,
                Err(fault) => {
                    self.troubled.store(true, Ordering::Relaxed);
                    pause = fault.pause().min(self.ttl / 6);
                    if alive.elapsed() > self.ttl {
                        self.tell(Status::Lost);
                    }
                }
            }
        }
    }

    /// Puts the keys, and puts them again whenever they are not ours; ends when the lease is gone.
    async fn guard(&self, lease: i64) {
        loop {
            let outcome = match self.repair(lease).await {
                Ok(revision) => {
                    self.tell(Status::Registered(self.registered.clone()));
                    self.watch(lease, revision).await
                }
                Err(fault) => Err(fault),
            };
            match outcome {
                Ok(()) => sleep(PROBE).await,
                Err(Fault::LeaseGone) => return,
                Err(fault) => {
                    self.troubled.store(true, Ordering::Relaxed);
                    self.wait(&fault).await;
                }
            }
        }
    }

    /// Puts every key that does not carry our lease, all in one transaction; gives the revision
    /// up to which the keys are known to be ours.
    async fn repair(&self, lease: i64) -> Result<i64, Fault> {
        let gets = self.entries.iter().map(|entry| TxnOp::get(entry.key.as_str(), None));
        let gets = Txn::new().and_then(gets.collect::<Vec<_>>());
        let found = self.connection.call(CALL, |client| async move { client.kv_client().txn(gets).await });
        let found = found.await?;
        let holders = found.op_responses().into_iter().map(|one| match one {
            TxnOpResponse::Get(got) => got.kvs().first().map(|kv| kv.lease()),
            _ => None,
        });
        let holders: Vec<Option<i64>> = holders.collect();
        let foreign = self.entries.iter().zip(holders).filter(|(_, held)| *held != Some(lease));
        let puts: Vec<TxnOp> = foreign.map(|(entry, _)| put(entry, lease)).collect();
        if puts.is_empty() {
            return Ok(found.header().map_or(0, |header| header.revision()));
        }
        let puts = Txn::new().and_then(puts);
        let done = self.connection.call(CALL, |client| async move { client.kv_client().txn(puts).await });
        Ok(done.await?.header().map_or(0, |header| header.revision()))
    }

    /// Watches our keys; ends when one of them had to be put again, or with what broke the watch.
    async fn watch(&self, lease: i64, revision: i64) -> Result<(), Fault> {
        let options = WatchOptions::new().with_start_revision(revision + 1);
        let mut keys = self.entries.iter().map(|entry| entry.key.as_str());
        let Some(first) = keys.next() else { return std::future::pending().await };
        let broken = |error: etcd_client::Error| Fault::Away(error.to_string());
        let mut stream = self.connection.watch(first.into(), options.clone()).await?;
        for key in keys {
            stream.watch(key, Some(options.clone())).await.map_err(broken)?;
        }
        loop {
            let answer = stream.message().await.map_err(broken)?;
            let Some(answer) = answer.filter(|answer| !answer.canceled()) else {
                return Err(Fault::Away("the watch ended".to_owned()));
            };
            if answer.events().iter().any(|event| is_foreign(event, lease)) {
                return self.strangers(answer.events(), lease).await;
            }
        }
    }

    /// A deleted key is put again at once, an overwritten one after a moment.
    async fn strangers(&self, events: &[Event], lease: i64) -> Result<(), Fault> {
        let written = events.iter().any(|event| event.event_type() == EventType::Put && is_foreign(event, lease));
        if written {
            tracing::warn!(keys = ?self.registered.keys, "another process writes our keys: is its address the same?");
            sleep(STRANGER).await;
        }
        self.repair(lease).await.map(drop)
    }

    /// Takes the entries back: those alone that carry our lease, then the lease.
    async fn end(&self) {
        let lease = self.lease.load(Ordering::Relaxed);
        if lease == 0 {
            return;
        }
        let guarded = self.entries.iter().map(|entry| {
            let ours = Compare::lease(entry.key.as_str(), CompareOp::Equal, lease);
            let delete = TxnOp::delete(entry.key.as_str(), None);
            TxnOp::txn(Txn::new().when([ours]).and_then([delete]))
        });
        let txn = Txn::new().and_then(guarded.collect::<Vec<_>>());
        let deleted = self.connection.call(CALL, |client| async move { client.kv_client().txn(txn).await });
        if let Err(fault) = deleted.await {
            tracing::warn!(why = fault.text(), "could not deregister; the entries end with their lease");
            return;
        }
        let revoked = self.connection.call(CALL, |client| async move { client.lease_client().revoke(lease).await });
        if let Err(fault) = revoked.await {
            tracing::debug!(why = fault.text(), "could not revoke the lease; it ends by itself");
        }
    }
}

fn put(entry: &Entry, lease: i64) -> TxnOp {
    // Never without a lease: such a key would outlive everybody.
    let options = PutOptions::new().with_lease(lease);
    TxnOp::put(entry.key.as_str(), entry.value.as_str(), Some(options))
}

fn is_foreign(event: &Event, lease: i64) -> bool {
    match event.event_type() {
        EventType::Delete => true,
        EventType::Put => event.kv().is_some_and(|kv| kv.lease() != lease),
    }
}
