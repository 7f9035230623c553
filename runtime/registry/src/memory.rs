//! A registry inside one handle and its clones: for tests and programs of one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use super::announcement::Announcement;
use super::backend::{Backend, Looking, Task};
use super::instance::Instance;
use super::listing::Listing;
use super::registration::{Registered, Status};
use super::schemes::Scheme;
use super::snapshot::{Snapshot, View};
use kiteline_core::lock::lock;

/// `memory`: this handle alone.
pub(super) const MEMORY: Scheme =
    Scheme { name: "memory", form: "memory", shared: false, open: |_| Ok(Box::new(Memory::default())) };

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

    fn propagation(&self) -> Duration {
        Duration::ZERO
    }

    fn place(&self, service: &str) -> String {
        format!("the memory registry for `{service}`")
    }

    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task> {
        let mut state = lock(&self.state);
        state.views.insert(service.to_owned(), Arc::downgrade(view));
        view.publish(state.snapshot(service));
        None
    }

    fn list(&self, service: Option<&str>) -> Looking {
        let state = lock(&self.state);
        let all = state.instances.values().flatten().map(AsRef::as_ref);
        let listing = Listing::of("memory", all.filter(|it| service.is_none_or(|name| name == it.service)));
        Box::pin(std::future::ready(Ok(listing)))
    }

    fn keep(&self, mut announcement: Announcement) -> Task {
        let id = lock(&self.state).revision;
        let entry = Entry { state: self.state.clone(), name: self.name(), id };
        entry.write(&mut announcement);
        Box::pin(async move {
            while announcement.changed().await {
                entry.write(&mut announcement);
            }
            entry.remove();
            announcement.tell(Status::Stopped);
        })
    }
}

/// One registration.
struct Entry {
    state: Arc<Mutex<State>>,
    name: String,
    id: i64,
}

impl Entry {
    fn write(&self, announcement: &mut Announcement) {
        if announcement.is_paused() {
            self.remove();
            announcement.tell(Status::Paused);
            return;
        }
        let instances = announcement.instances();
        let keys = instances.iter().map(|one| one.service.clone()).collect();
        let mut state = lock(&self.state);
        state.instances.insert(self.id, instances.into_iter().map(Arc::new).collect());
        state.publish();
        let registered = Registered { registry: self.name.clone(), keys, lease: None };
        announcement.tell(Status::Registered(Arc::new(registered)));
    }

    fn remove(&self) {
        let mut state = lock(&self.state);
        state.instances.remove(&self.id);
        state.publish();
    }
}
