//! A line cut into one piece per member, as long as its weight, and the way from a point of the line
//! to its piece.

use super::member::Member;
use super::rng::scale;

/// Made in one pass. A point finds its piece through a guide of as many steps as there are members,
/// so that a look-up takes constant time on average, whatever the weights are. One piece per member,
/// and not two halves as in an alias table, because points that are spread evenly over the line
/// are then spread evenly over the members too.
#[derive(Debug)]
pub(super) struct Shares {
    /// Whether all pieces are of one length, and nothing has to be looked up.
    even: bool,
    /// Where each piece ends.
    ends: Vec<u64>,
    /// The first piece of each step of the line, and one more at the end.
    guide: Vec<u32>,
    total: u64,
}

impl Shares {
    pub(super) fn new(members: &[Member]) -> Self {
        let mut total = 0_u64;
        let ends: Vec<u64> = members
            .iter()
            .map(|member| {
                total = total.saturating_add(u64::from(member.weight()));
                total
            })
            .collect();
        let first = members.first().map(Member::weight);
        let even = members.iter().all(|member| Some(member.weight()) == first);
        let mut guide = Vec::with_capacity(ends.len() + 1);
        let count = ends.len() as u64;
        let mut piece = 0;
        for step in 0..count {
            // The first point that `scale` sends into this step.
            let first = (u128::from(step) * u128::from(total)) / u128::from(count);
            while ends.get(piece).is_some_and(|end| u128::from(*end) <= first) {
                piece += 1;
            }
            guide.push(u32::try_from(piece).unwrap_or(u32::MAX));
        }
        guide.push(u32::try_from(ends.len().saturating_sub(1)).unwrap_or(u32::MAX));
        Self { even, ends, guide, total }
    }

    /// The mean weight; no number where there is nobody.
    pub(super) fn mean(&self) -> f64 {
        self.total as f64 / self.ends.len() as f64
    }

    /// The member at a point of the line, which is the whole range of `u64`.
    pub(super) fn at(&self, point: u64) -> usize {
        let step = usize::try_from(scale(point, self.ends.len() as u64)).unwrap_or(usize::MAX);
        if self.even {
            return step;
        }
        let place = scale(point, self.total);
        let [from, to] = [step, step.saturating_add(1)].map(|step| self.guide.get(step).map_or(0, |at| *at as usize));
        let pieces = self.ends.get(from..=to).unwrap_or_default();
        // Mostly one or two; thousands where many members weigh next to nothing.
        from + if pieces.len() < 8 {
            pieces.iter().take_while(|end| **end <= place).count()
        } else {
            pieces.partition_point(|end| *end <= place)
        }
    }
}
