//! By chance.

use std::sync::Arc;

use super::dice::Dice;
use super::member::Member;
use super::shares::Shares;
use super::{Ask, Balancer, Picker};

/// Each instance by chance, as often as its weight says.
#[derive(Clone, Debug)]
pub struct Random(Arc<Dice>);

impl Random {
    /// A balancer that chooses differently in every process.
    pub fn new() -> Self {
        Self(Arc::new(Dice::new()))
    }

    /// A balancer that chooses the same again for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Dice::seeded(seed)))
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

impl Balancer for Random {
    fn prepare(&self, members: &[Member]) -> Box<dyn Picker> {
        Box::new(Draw { dice: Arc::clone(&self.0), shares: Shares::new(members) })
    }
}

#[derive(Debug)]
struct Draw {
    dice: Arc<Dice>,
    shares: Shares,
}

impl Picker for Draw {
    fn pick(&self, ask: &Ask<'_>) -> Option<usize> {
        ask.drawn(|| self.shares.at(self.dice.draw()))
    }

    fn weighs_load(&self) -> bool {
        false
    }
}
