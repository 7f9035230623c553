//! A list of instances that a balancer has prepared, with what is known of each.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::member::Member;
use super::outlier::Outliers;
use super::{Balancer, Change, PickRequest, Picker, Verdict};
use kiteline_registry::Instance;

/// Made for each new list, from the one before: what is known of an instance is kept by its id.
#[derive(Debug)]
pub struct PickSet {
    members: Vec<Member>,
    picker: Box<dyn Picker>,
    outliers: Arc<Outliers>,
    suspects: bool,
    /// Whether anybody looks at what is counted of calls.
    counted: bool,
}

/// The options of one pick from a [`PickSet`].
#[derive(Clone, Copy, Debug, Default)]
pub struct PickOptions<'a> {
    /// Members that were tried already.
    pub tried: &'a [usize],
    /// The key of a call that goes to the same instance each time.
    pub key: Option<u64>,
    /// Nanoseconds since the channel began.
    pub now: u64,
}

impl PickSet {
    /// The set of `instances`, which are in the order of their ids, as those of `before` were.
    /// Those without an endpoint (by `endpoint`, its place) are left out.
    pub fn new(
        instances: &[Arc<Instance>],
        endpoint: impl Fn(&Instance) -> Option<usize>,
        suspects: &BTreeSet<String>,
        before: Option<&PickSet>,
        balancer: &dyn Balancer,
    ) -> Self {
        let mut old = before.map(|set| set.members.as_slice()).unwrap_or_default();
        let mut members = Vec::with_capacity(instances.len());
        for instance in instances {
            let Some(endpoint) = endpoint(instance) else { continue };
            let mut member = known(&mut old, instance);
            member.endpoint = endpoint;
            member.suspect = !suspects.is_empty() && suspects.contains(&instance.id);
            members.push(member);
        }
        let outliers = before.map(|set| Arc::clone(&set.outliers)).unwrap_or_default();
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

    /// The number of members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Chooses a member: suspects after the others, those that are left out last of all.
    pub fn pick(&self, options: &PickOptions<'_>) -> Option<usize> {
        let untried = |place| options.tried.is_empty() || !options.tried.contains(&place);
        if !self.suspects && !self.outliers.any() {
            return self.ask(options, &|place, _| untried(place));
        }
        let open = |member: &Member| member.record().ejection.is_open(options.now);
        self.admitted(options, &|place, member| untried(place) && !member.suspect && open(member))
            .or_else(|| self.admitted(options, &|place, member| untried(place) && open(member)))
            .or_else(|| self.ask(options, &|place, _| untried(place)))
    }

    fn ask(&self, options: &PickOptions<'_>, usable: &dyn Fn(usize, &Member) -> bool) -> Option<usize> {
        self.picker.pick(&PickRequest { members: &self.members, key: options.key, now: options.now, usable })
    }

    /// A pick that may call the member: another call may have become its probe meanwhile.
    fn admitted(&self, options: &PickOptions<'_>, usable: &dyn Fn(usize, &Member) -> bool) -> Option<usize> {
        loop {
            let place = self.ask(options, usable)?;
            // Refused, it is no longer open: the next round does not find it.
            if self.members.get(place)?.record().ejection.admit(options.now) {
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

    /// A call to the member ended; gives what that changes for it. `time` tells, where that matters, the
    /// nanoseconds that it took and those since the channel began.
    pub fn ended(&self, place: usize, verdict: Verdict, time: impl FnOnce() -> (u64, u64)) -> Option<Change> {
        let member = self.members.get(place)?;
        if !self.counted && verdict == Verdict::Answered && !member.record().ejection.is_out() {
            self.outliers.answered(member);
            return None;
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
                first.record().ejection.shorten();
                return first.restated(Arc::clone(instance));
            }
            std::cmp::Ordering::Greater => break,
        }
    }
    Member::new(Arc::clone(instance))
}
