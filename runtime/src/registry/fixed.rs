//! Registries that never change: `static:` addresses, and `none`.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::backend::{Backend, Task};
use super::instance::{Endpoint, Instance};
use super::registration::{Status, Wanted};
use super::snapshot::{Snapshot, View};

/// Fixed addresses; `none` is the empty one. Registering does nothing.
#[derive(Debug)]
pub(super) struct Fixed {
    name: &'static str,
    services: BTreeMap<String, Vec<Endpoint>>,
}

impl Fixed {
    pub(super) fn new(services: BTreeMap<String, Vec<Endpoint>>) -> Self {
        Self { name: "static", services }
    }

    pub(super) fn none() -> Self {
        Self { name: "none", services: BTreeMap::new() }
    }
}

/// A view of fixed addresses, each once, in the order given.
pub(crate) fn snapshot(service: &str, endpoints: &[Endpoint]) -> Snapshot {
    let mut instances: Vec<Arc<Instance>> = Vec::with_capacity(endpoints.len());
    for endpoint in endpoints {
        let instance = Instance::new(service, endpoint.clone());
        if instances.iter().all(|known| known.id != instance.id) {
            instances.push(Arc::new(instance));
        }
    }
    Snapshot { instances, known: true, ..Snapshot::unknown(service) }
}

impl Backend for Fixed {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn registers(&self) -> bool {
        false
    }

    fn place(&self, service: &str) -> String {
        match self.name {
            "none" => "registry `none`, where nothing is ever found".to_owned(),
            name => format!("the {name}: registry for `{service}`"),
        }
    }

    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task> {
        let endpoints = self.services.get(service).map(Vec::as_slice).unwrap_or_default();
        view.publish(snapshot(service, endpoints));
        None
    }

    fn keep(&self, _: watch::Receiver<Wanted>, status: watch::Sender<Status>, stop: CancellationToken) -> Task {
        Box::pin(async move {
            stop.cancelled().await;
            status.send_replace(Status::Stopped);
        })
    }
}
