//! One list of instances, ready to be picked from.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::member::Member;
use super::outlier::Outliers;
use super::{Ask, Balancer, Picker, Verdict};
use kiteline_registry::Instance;

/// Made for each new list, from the one before: what is known of an instance is kept by its id.
#[derive(Debug)]
pub struct Group {
    members: Vec<Member>,
    picker: Box<dyn Picker>,
    outliers: Arc<Outliers>,
    suspects: bool,
    /// Whether anybody looks at what is counted of calls.
    counted: bool,
}

/// What a call asks a group for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// Where it was tried.
    pub tried: &'a [usize],
    /// Its key.
    pub key: Option<u64>,
    /// Nanoseconds since the channel began.
    pub now: u64,
}

impl Group {
    /// The group of `instances`, which are in the order of their ids, as those of `before` were.
    /// Those without an endpoint (by `endpoint`, its place) are left out.
    pub fn new(
        instances: &[Arc<Instance>],
        endpoint: impl Fn(&Instance) -> Option<usize>,
        suspects: &BTreeSet<String>,
        before: Option<&Group>,
        balancer: &dyn Balancer,
    ) -> Self {
        let mut old = before.map(|group| group.members.as_slice()).unwrap_or_default();
        let mut members = Vec::with_capacity(instances.len());
        for instance in instances {
            let Some(endpoint) = endpoint(instance) else { continue };
            let mut member = known(&mut old, instance);
            member.endpoint = endpoint;
            member.suspect = !suspects.is_empty() && suspects.contains(&instance.id);
            members.push(member);
        }
        let outliers = before.map(|group| Arc::clone(&group.outliers)).unwrap_or_default();
        if outliers.any() {
            outliers.recount(&members);
        }
        let suspects = members.iter().any(|member| member.suspect);
        let picker = balancer.prepare(&members);
        Self { counted: picker.weighs_load(), picker, members, outliers, suspects }
    }

    /// The member at a place.
    pub fn member(&self, place: usize) -> Option<&Member> {
        self.members.get(place)
    }

    /// The endpoint of the member that is called, by its place.
    pub fn endpoint(&self, place: usize) -> Option<usize> {
        self.members.get(place).map(|member| member.endpoint)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Chooses a member: suspects after the others, those that are left out last of all.
    pub fn pick(&self, wish: &Wish<'_>) -> Option<usize> {
        let untried = |place| wish.tried.is_empty() || !wish.tried.contains(&place);
        if !self.suspects && !self.outliers.any() {
            return self.ask(wish, &|place, _| untried(place));
        }
        let open = |member: &Member| member.record().standing.is_open(wish.now);
        self.admitted(wish, &|place, member| untried(place) && !member.suspect && open(member))
            .or_else(|| self.admitted(wish, &|place, member| untried(place) && open(member)))
            .or_else(|| self.ask(wish, &|place, _| untried(place)))
    }

    fn ask(&self, wish: &Wish<'_>, usable: &dyn Fn(usize, &Member) -> bool) -> Option<usize> {
        self.picker.pick(&Ask { members: &self.members, key: wish.key, now: wish.now, usable })
    }

    /// A pick that may call the member: another call may have become its probe meanwhile.
    fn admitted(&self, wish: &Wish<'_>, usable: &dyn Fn(usize, &Member) -> bool) -> Option<usize> {
        loop {
            let place = self.ask(wish, usable)?;
            // Refused, it is no longer open: the next round does not find it.
            if self.members.get(place)?.record().standing.admit(wish.now) {
                return Some(place);
            }
        }
    }

    /// A call to the member begins.
    pub fn started(&self, place: usize) {
        if let Some(member) = self.members.get(place).filter(|_| self.counted) {
            member.started();
        }
    }

    /// A call to the member ended; gives whether it is left out from now on. `time` tells, where that matters, the
    /// nanoseconds that it took and those since the channel began.
    pub fn ended(&self, place: usize, verdict: Verdict, time: impl FnOnce() -> (u64, u64)) -> bool {
        let Some(member) = self.members.get(place) else { return false };
        if !self.counted && verdict == Verdict::Answered && !member.record().standing.is_out() {
            self.outliers.answered(member);
            return false;
        }
        let (took, now) = time();
        if self.counted {
            member.ended(verdict, took, now);
        }
        self.outliers.report(member, verdict, &self.members, now)
    }
}

/// What is known of an instance; `old` is what is left of the list before.
fn known(old: &mut &[Member], instance: &Arc<Instance>) -> Member {
    while let Some((first, rest)) = old.split_first() {
        if Arc::ptr_eq(first.instance(), instance) {
            *old = rest;
            return first.clone();
        }
        match first.instance().id.cmp(&instance.id) {
            std::cmp::Ordering::Less => *old = rest,
            std::cmp::Ordering::Equal => {
                *old = rest;
                // It was written again: somebody lives there.
                first.record().standing.shorten();
                return first.restated(Arc::clone(instance));
            }
            std::cmp::Ordering::Greater => break,
        }
    }
    Member::new(Arc::clone(instance))
}
