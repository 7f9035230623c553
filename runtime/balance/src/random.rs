//! Random balancing, by weight.

use std::sync::Arc;

use super::member::Member;
use super::rng::Rng;
use super::shares::Shares;
use super::{Balancer, PickRequest, Picker};

/// Each instance by chance, as often as its weight says.
#[derive(Clone, Debug)]
pub struct Random(Arc<Rng>);

impl Random {
    /// A balancer that chooses differently in every process.
    pub fn new() -> Self {
        Self(Arc::new(Rng::new()))
    }

    /// A balancer that chooses the same again for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Rng::seeded(seed)))
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

impl Balancer for Random {
    fn prepare(&self, members: &[Member]) -> Box<dyn Picker> {
        Box::new(Draw { rng: Arc::clone(&self.0), shares: Shares::new(members) })
    }
}

#[derive(Debug)]
struct Draw {
    rng: Arc<Rng>,
    shares: Shares,
}

impl Picker for Draw {
    fn pick(&self, request: &PickRequest<'_>) -> Option<usize> {
        request.drawn(|| self.shares.at(self.rng.draw()))
    }

    fn weighs_load(&self) -> bool {
        false
    }
}
