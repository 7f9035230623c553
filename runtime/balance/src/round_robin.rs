//! Weighted round robin.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kiteline_core::fnv::mix;

use super::member::Member;
use super::rng::GOLDEN;
use super::shares::Shares;
use super::{Balancer, PickRequest, Picker};

/// Each instance in turn, as often as its weight says. Instances of one weight take strict turns.
/// With different weights the turns go over the line of weights in steps of the golden ratio:
/// nobody is called in bursts, and after any number of calls each instance is within a few calls
/// of its share, because the multiples of that ratio are spread as evenly as any can be.
#[derive(Clone, Debug, Default)]
pub struct RoundRobin(Arc<AtomicU64>);

impl RoundRobin {
    /// A balancer that begins with the first instance.
    pub fn new() -> Self {
        Self::default()
    }

    /// A balancer that begins somewhere: processes that start together do not call the same
    /// instances together.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(mix(seed))))
    }
}

impl Balancer for RoundRobin {
    fn prepare(&self, members: &[Member]) -> Box<dyn Picker> {
        let turn = Arc::clone(&self.0);
        let weight = members.first().map(Member::weight);
        match members.iter().all(|member| Some(member.weight()) == weight) {
            true => Box::new(Turns { turn }),
            false => Box::new(Steps { turn, shares: Shares::new(members) }),
        }
    }
}

/// One weight.
#[derive(Debug)]
struct Turns {
    turn: Arc<AtomicU64>,
}

impl Picker for Turns {
    fn pick(&self, request: &PickRequest<'_>) -> Option<usize> {
        let count = request.members.len() as u64;
        if count == 1 {
            // Nothing to count where there is no choice: threads that write one counter slow each other down.
            return request.usable(0).then_some(0);
        }
        request.drawn(|| {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            turn.checked_rem(count).and_then(|place| usize::try_from(place).ok()).unwrap_or(0)
        })
    }

    fn weighs_load(&self) -> bool {
        false
    }
}

/// Different weights.
#[derive(Debug)]
struct Steps {
    turn: Arc<AtomicU64>,
    shares: Shares,
}

impl Picker for Steps {
    fn pick(&self, request: &PickRequest<'_>) -> Option<usize> {
        request.drawn(|| self.shares.at(self.turn.fetch_add(1, Ordering::Relaxed).wrapping_mul(GOLDEN)))
    }

    fn weighs_load(&self) -> bool {
        false
    }
}
