//! Consistent hashing: the same instance for the same key.

use std::sync::Arc;

use super::member::Member;
use super::rng::{Rng, scale};
use super::{Balancer, PickRequest, Picker};
use kiteline_core::fnv::mix;

/// Points at which a key looks for its instance: with 21 the busiest one gets 5 % more than its
/// share (Appleton and O'Reilly, "Multi-probe consistent hashing", 2015).
const PROBES: u64 = 21;
/// Points of an instance: with one alone, an instance right behind another would get next to nothing;
/// with four, shares differ by 8 % (one sigma).
const POINTS: u64 = 4;
/// Weights are told apart by their leading bits, this many: within 3 %.
const BITS: u32 = 5;

/// Balancer by a hash: the same instance for the same key of `Request::with_hash`, in every process; calls without a
/// key go anywhere. An instance that comes or goes moves its own share of the keys and no others, and the keys of one
/// that is left out for a time spread over the others.
///
/// Each instance is four points on a circle for its weight, and a key belongs to the instance whose
/// point is the least way behind one of the key's 21 points, ways divided by weights. A new list
/// costs a sort of these, not of hundreds of points for each instance.
#[derive(Clone, Debug)]
pub struct Hashed(Arc<Rng>);

impl Hashed {
    /// A balancer by key.
    pub fn new() -> Self {
        Self(Arc::new(Rng::new()))
    }
}

impl Default for Hashed {
    fn default() -> Self {
        Self::new()
    }
}

impl Balancer for Hashed {
    fn prepare(&self, members: &[Member]) -> Box<dyn Picker> {
        let mut circles: Vec<Circle> = Vec::new();
        for (place, member) in (0..).zip(members) {
            let (hash, weight) = (member.record().hash, rounded(member.weight()));
            let points = (0..POINTS).map(|number| Point { at: mix(hash.wrapping_add(number)), place });
            match circles.iter_mut().find(|circle| circle.weight == weight) {
                Some(circle) => circle.points.extend(points),
                None => circles.push(Circle { weight, points: points.collect(), guide: Vec::new() }),
            }
        }
        circles.iter_mut().for_each(Circle::close);
        Box::new(Circles { rng: Arc::clone(&self.0), circles })
    }
}

/// A weight with its leading bits alone.
fn rounded(weight: u32) -> u32 {
    let dropped = (u32::BITS - weight.leading_zeros()).saturating_sub(BITS);
    (weight >> dropped) << dropped
}

#[derive(Clone, Copy, Debug)]
struct Point {
    at: u64,
    place: u32,
}

/// The members of one weight.
#[derive(Debug)]
struct Circle {
    weight: u32,
    /// In the order of the circle.
    points: Vec<Point>,
    /// The first point of each of as many equal arcs as there are points.
    guide: Vec<u32>,
}

impl Circle {
    /// Sorts the points. They are spread evenly, so that each falls next to its place by its arc.
    fn close(&mut self) {
        let arc = |at, count| usize::try_from(scale(at, count)).unwrap_or(usize::MAX);
        let count = self.points.len() as u64;
        let mut ends = vec![0_u32; self.points.len()];
        for point in &self.points {
            if let Some(end) = ends.get_mut(arc(point.at, count)) {
                *end += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            self.guide.push(sum);
            sum += *end;
        }
        let mut sorted = self.points.clone();
        let mut next = self.guide.clone();
        for point in &self.points {
            let Some(slot) = next.get_mut(arc(point.at, count)) else { continue };
            if let Some(place) = sorted.get_mut(*slot as usize) {
                *place = *point;
            }
            *slot += 1;
        }
        // Insertion sort: the list is nearly sorted, and then one pass is enough.
        for index in 1..sorted.len() {
            let mut index = index;
            while index > 0 && sorted[index - 1].at > sorted[index].at {
                sorted.swap(index - 1, index);
                index -= 1;
            }
        }
        self.points = sorted;
    }

    /// The first usable member behind `at`, and the way to it.
    fn behind(&self, at: u64, request: &PickRequest<'_>) -> Option<(u64, usize)> {
        let arc = usize::try_from(scale(at, self.points.len() as u64)).unwrap_or(usize::MAX);
        let mut start = self.guide.get(arc).map_or(0, |start| *start as usize);
        while self.points.get(start).is_some_and(|point| point.at < at) {
            start += 1;
        }
        let around = self.points.iter().cycle().skip(start).take(self.points.len());
        let mut candidates = around.map(|point| (point.at.wrapping_sub(at), point.place as usize));
        candidates.find(|(_, place)| request.usable(*place))
    }
}

#[derive(Debug)]
struct Circles {
    rng: Arc<Rng>,
    circles: Vec<Circle>,
}

impl Picker for Circles {
    fn pick(&self, request: &PickRequest<'_>) -> Option<usize> {
        let key = request.key.unwrap_or_else(|| self.rng.draw());
        let mut best: Option<(f64, usize)> = None;
        for circle in &self.circles {
            let probes = (0..PROBES).map(|probe| mix(key.wrapping_add(mix(probe))));
            let nearest = probes.filter_map(|at| circle.behind(at, request)).min();
            let Some((way, place)) = nearest else { continue };
            let way = way as f64 / f64::from(circle.weight);
            if best.is_none_or(|(least, _)| way < least) {
                best = Some((way, place));
            }
        }
        best.map(|(_, place)| place)
    }

    fn weighs_load(&self) -> bool {
        false
    }
}
