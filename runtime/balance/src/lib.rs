//! Load balancing: choosing one instance of a list for each call. This crate knows no protocol and no registry: it sees
//! instances, and how calls to them ended.
//!
//! A [`Balancer`] prepares a [`Picker`] for each new list, which may take its time. A pick is on the
//! path of every call and takes no lock. The statistics of calls are kept in a [`Member`], by id, over
//! all lists of one channel.
//!
//! | balancer | `[client] balancer` | chooses |
//! |---|---|---|
//! | [`RoundRobin`] | `round_robin` | in turn, by weight; the default |
//! | [`Random`] | `random` | at random, by weight |
//! | [`BestOfTwo`] | `best_of_two` | of two at random, the one with fewer calls and shorter latency |
//! | [`Hashed`] | `hash` | the same instance for the same `with_hash` of the call |
//!
//! Whatever the balancer, suspects come after the others, and instances that fail are ejected for a time (`outlier`).
//! A balancer of your own implements two traits:
//!
//! ```
//! use kiteline_balance::{Balancer, Member, PickRequest, Picker};
//!
//! /// The first member that may be called.
//! #[derive(Debug)]
//! struct First;
//!
//! impl Balancer for First {
//!     fn prepare(&self, _: &[Member]) -> Box<dyn Picker> {
//!         Box::new(First)
//!     }
//! }
//!
//! impl Picker for First {
//!     fn pick(&self, request: &PickRequest<'_>) -> Option<usize> {
//!         (0..request.members.len()).find(|place| request.usable(*place))
//!     }
//! }
//! ```

mod best_of_two;
mod hash;
mod member;
mod outlier;
mod pick_set;
mod random;
mod rng;
mod round_robin;
mod shares;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Deserializer};

pub use best_of_two::BestOfTwo;
pub use hash::Hashed;
pub use member::Member;
#[doc(hidden)]
pub use pick_set::{PickOptions, PickSet};
pub use random::Random;
pub use round_robin::RoundRobin;

/// How a call to an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It answered, if only with an error about the request.
    Answered,
    /// It answered that it is in trouble itself (UNAVAILABLE, INTERNAL, DATA_LOSS, DEADLINE_EXCEEDED).
    Troubled,
    /// The connection failed, or no answer came in time.
    Failed,
    /// No connection came about.
    Unreachable,
    /// Nothing was learnt: the caller went away, or this process refused.
    Unknown,
}

/// The change of an instance's standing at the end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is left out for a time.
    LeftOut,
    /// It is chosen again.
    Back,
}

/// A rule by which instances are chosen.
pub trait Balancer: fmt::Debug + Send + Sync + 'static {
    /// What picks from one list; called once for each new list. State that is to outlive a list
    /// (whose turn it is) belongs to the balancer.
    fn prepare(&self, members: &[Member]) -> Box<dyn Picker>;
}

/// Picks from one list, on the path of every call: it must not wait.
pub trait Picker: fmt::Debug + Send + Sync {
    /// The place of a member that is [usable](PickRequest::usable); `None` only when none is.
    fn pick(&self, request: &PickRequest<'_>) -> Option<usize>;

    /// Whether it looks at [`Member::in_flight`] or [`Member::latency`]: they are counted for those
    /// who do, because threads that count together slow each other down.
    fn weighs_load(&self) -> bool {
        true
    }
}

/// The request for a pick: what a [`Picker`] is asked for one call.
#[derive(Clone, Copy)]
pub struct PickRequest<'a> {
    /// The list that the picker was prepared for.
    pub members: &'a [Member],
    /// The key of this call, if it has one.
    pub key: Option<u64>,
    /// Nanoseconds since the channel began: what [`Member::latency`] takes.
    pub now: u64,
    pub(crate) usable: &'a (dyn Fn(usize, &Member) -> bool + 'a),
}

impl fmt::Debug for PickRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PickRequest")
            .field("members", &self.members.len())
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<'a> PickRequest<'a> {
    /// A question about any of `members` that is `usable`, for tests of a balancer.
    pub fn new(members: &'a [Member], usable: &'a dyn Fn(usize, &Member) -> bool) -> Self {
        Self { members, key: None, now: 0, usable }
    }

    /// Whether the member at `place` may be chosen.
    pub fn usable(&self, place: usize) -> bool {
        self.members.get(place).is_some_and(|member| (self.usable)(place, member))
    }

    /// The first usable place that `draw` gives, or, when it misses again and again, the first one
    /// behind its last.
    fn drawn(&self, mut draw: impl FnMut() -> usize) -> Option<usize> {
        // Half of the members may be left out: 16 misses in a row come once in 65,536 calls.
        let mut place = 0;
        for _ in 0..16 {
            place = draw();
            if self.usable(place) {
                return Some(place);
            }
        }
        (place..self.members.len()).chain(0..place).find(|place| self.usable(*place))
    }
}

/// The balancers that configuration can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Choice {
    /// [`RoundRobin`].
    #[default]
    RoundRobin,
    /// [`Random`].
    Random,
    /// [`BestOfTwo`].
    BestOfTwo,
    /// [`Hashed`].
    Hash,
}

const CHOICES: [(&str, Choice); 4] = [
    ("round_robin", Choice::RoundRobin),
    ("random", Choice::Random),
    ("best_of_two", Choice::BestOfTwo),
    ("hash", Choice::Hash),
];

impl Choice {
    /// The balancer of this name.
    pub fn open(self) -> Box<dyn Balancer> {
        match self {
            Self::RoundRobin => Box::new(RoundRobin::new()),
            Self::Random => Box::new(Random::new()),
            Self::BestOfTwo => Box::new(BestOfTwo::new()),
            Self::Hash => Box::new(Hashed::new()),
        }
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        if let Some((_, choice)) = CHOICES.iter().find(|(name, _)| *name == text) {
            return Ok(*choice);
        }
        let names = CHOICES.map(|(name, _)| name);
        let hint = kiteline_core::words::nearest(&text, &names).map(|near| format!("; did you mean `{near}`?"));
        let (known, hint) = (names.join(", "), hint.unwrap_or_default());
        Err(serde::de::Error::custom(format!("unknown balancer `{text}`, known are {known}{hint}")))
    }
}
