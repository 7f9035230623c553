//! One service, as one resolver lets its callers see it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use runtime::Registry;
use runtime::registry::{Endpoint, Resolver};
use tokio::task::AbortHandle;

use super::sight::{Addresses, Model, Sight};
use crate::Failure;

/// Looks at every snapshot of a resolver.
#[derive(Debug)]
pub struct Lookout {
    /// The service's name.
    pub service: String,
    /// What is looked at.
    pub resolver: Resolver,
    model: Arc<Model>,
    sight: Arc<Mutex<Sight>>,
    looking: AbortHandle,
}

fn lock(sight: &Mutex<Sight>) -> MutexGuard<'_, Sight> {
    sight.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lookout {
    /// Begins to look.
    ///
    /// # Errors
    ///
    /// When the registry takes no such name.
    pub fn open(registry: &Registry, service: &str, model: &Arc<Model>) -> Result<Self, Failure> {
        let resolver = registry.resolve(service)?;
        let (service, model, sight) = (service.to_owned(), Arc::clone(model), Arc::default());
        let look = look(resolver.clone(), service.clone(), Arc::clone(&model), Arc::clone(&sight));
        let looking = tokio::spawn(look).abort_handle();
        Ok(Self { service, resolver, model, sight, looking })
    }

    /// The addresses that callers are given now.
    pub fn addresses(&self) -> Addresses {
        addresses(&self.resolver)
    }

    /// Whether that is what runs, beyond doubt and freshly.
    pub fn is_right(&self) -> bool {
        let seen = self.resolver.snapshot();
        let fresh = seen.known && seen.stale_since.is_none() && seen.suspects.is_empty();
        fresh && self.addresses() == self.model.of(&self.service)
    }

    /// Whether what runs is among it, beyond doubt and freshly.
    pub fn is_found(&self) -> bool {
        let seen = self.resolver.snapshot();
        let sure = seen.instances.iter().filter(|one| !seen.is_suspect(&one.id));
        let sure: Addresses = sure.flat_map(|one| &one.endpoints).map(Endpoint::address).collect();
        seen.known && seen.stale_since.is_none() && self.model.of(&self.service).is_subset(&sure)
    }

    /// How often something vanished that runs, and for how long at most.
    pub fn seen(&self) -> (usize, Duration) {
        let sight = lock(&self.sight);
        (sight.removals, sight.invisible)
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

fn addresses(resolver: &Resolver) -> Addresses {
    resolver.snapshot().instances.iter().flat_map(|one| &one.endpoints).map(Endpoint::address).collect()
}

async fn look(mut resolver: Resolver, service: String, model: Arc<Model>, sight: Arc<Mutex<Sight>>) {
    loop {
        resolver.changed().await;
        lock(&sight).look(&addresses(&resolver), &model.of(&service), Instant::now());
    }
}
