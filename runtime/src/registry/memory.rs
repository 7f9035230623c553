//! A registry inside one handle and its clones: for tests and programs of one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::backend::{Backend, Task};
use super::instance::Instance;
use super::registration::{Registered, Status};
use super::snapshot::{Snapshot, View};

/// The registry behind `memory`.
#[derive(Debug, Default)]
pub(super) struct Memory {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    revision: i64,
    /// By registration, so that the late end of an old one cannot take a new one's entry away.
    instances: BTreeMap<i64, Vec<Arc<Instance>>>,
    views: BTreeMap<String, Weak<View>>,
}

impl State {
    fn publish(&mut self) {
        self.revision += 1;
        self.views.retain(|_, view| view.strong_count() > 0);
        for (service, view) in &self.views {
            if let Some(view) = view.upgrade() {
                view.publish(self.snapshot(service));
            }
        }
    }

    fn snapshot(&self, service: &str) -> Snapshot {
        let all = self.instances.values().flatten().filter(|instance| instance.service == service);
        // The newest registration of an id counts.
        let by_id: BTreeMap<&str, &Arc<Instance>> = all.map(|one| (one.id.as_str(), one)).collect();
        Snapshot {
            instances: by_id.into_values().cloned().collect(),
            revision: self.revision,
            known: true,
            ..Snapshot::unknown(service)
        }
    }
}

impl Backend for Memory {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn place(&self, service: &str) -> String {
        format!("the memory registry for `{service}`")
    }

    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.views.insert(service.to_owned(), Arc::downgrade(view));
        view.publish(state.snapshot(service));
        None
    }

    fn keep(&self, instances: Vec<Instance>, status: watch::Sender<Status>, stop: CancellationToken) -> Task {
        let keys = instances.iter().map(|one| one.service.clone()).collect();
        let id = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let id = state.revision;
            state.instances.insert(id, instances.into_iter().map(Arc::new).collect());
            state.publish();
            id
        };
        status.send_replace(Status::Registered(Arc::new(Registered { registry: self.name(), keys, lease: None })));
        let state = self.state.clone();
        Box::pin(async move {
            stop.cancelled().await;
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.instances.remove(&id);
            state.publish();
            status.send_replace(Status::Stopped);
        })
    }
}
