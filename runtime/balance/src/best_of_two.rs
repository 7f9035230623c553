//! Power of two choices: the less loaded of two random instances.

use std::sync::Arc;

use kiteline_core::fnv::mix;

use super::member::Member;
use super::rng::Rng;
use super::shares::Shares;
use super::{Balancer, PickRequest, Picker};

/// Draws two instances by their weights and takes the one with the smaller load: how long its
/// answers took lately, times the calls under way at it by its weight. Where the loads are alike
/// (within a quarter) the first draw counts, so that idle instances are called as their weights say.
///
/// Slow instances get less, at once; on few calls at a time that may be most of what they would get.
#[derive(Clone, Debug)]
pub struct BestOfTwo(Arc<Rng>);

impl BestOfTwo {
    /// A balancer that draws differently in every process.
    pub fn new() -> Self {
        Self(Arc::new(Rng::new()))
    }

    /// A balancer that draws the same again for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Rng::seeded(seed)))
    }
}

impl Default for BestOfTwo {
    fn default() -> Self {
        Self::new()
    }
}

impl Balancer for BestOfTwo {
    fn prepare(&self, members: &[Member]) -> Box<dyn Picker> {
        let shares = Shares::new(members);
        Box::new(Pair { rng: Arc::clone(&self.0), mean: shares.mean(), shares })
    }
}

#[derive(Debug)]
struct Pair {
    rng: Arc<Rng>,
    shares: Shares,
    /// Of the weights.
    mean: f64,
}

impl Picker for Pair {
    fn pick(&self, request: &PickRequest<'_>) -> Option<usize> {
        let number = self.rng.draw();
        let mut first = Some(number);
        let index = request.drawn(|| self.shares.at(first.take().unwrap_or_else(|| self.rng.draw())))?;
        let count = request.members.len();
        // After a few misses there are few others, or none.
        let neighbours = (1..count.min(16)).map(|step| (index + step) % count);
        // One step of the shared counter serves both: the second look need not wait for another.
        let mut others = (1..=4).map(|more| self.shares.at(mix(number.wrapping_add(more)))).chain(neighbours);
        let Some(other) = others.find(|other| *other != index && request.usable(*other)) else { return Some(index) };
        let (Some(a), Some(b)) = (request.members.get(index), request.members.get(other)) else { return Some(index) };
        Some(if self.is_better(b, a, request.now) { other } else { index })
    }
}

impl Pair {
    /// Whether `a` has clearly less to do than `b`.
    fn is_better(&self, a: &Member, b: &Member, now: u64) -> bool {
        let [mut x, mut y] = [a.latency(now), b.latency(now)];
        // One that was never called is thought to be as fast as the other.
        match (x, y) {
            (0, 0) => [x, y] = [1, 1],
            (0, _) => x = y,
            (_, 0) => y = x,
            _ => {}
        }
        let load = |latency: u64, member: &Member| {
            let queue = f64::from(member.in_flight()) * self.mean / f64::from(member.weight());
            latency as f64 * (1.0 + queue)
        };
        load(x, a) * 1.25 < load(y, b)
    }
}
