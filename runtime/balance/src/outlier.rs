//! Outlier ejection: instances that fail get no calls for a time. Owns the thresholds and times; it sends no probes
//! of its own.
//!
//! | seen at one instance | left out |
//! |---|---|
//! | a connect failed | at once |
//! | 3 calls in a row failed or got no answer in time | then |
//! | 5 calls in a row were answered with UNAVAILABLE, INTERNAL or the like, while others answered 3 | then |
//!
//! The first time lasts 20 s, each further one four times as long, 5 min at most, until the instance
//! was well for 5 min. An instance that registers again is tried at once. After the time one call is
//! the probe: if it is answered the instance is back, else it is left out again. A program that was
//! killed stands in a registry for up to 90 s with the leases that others use: that costs two
//! connects, and no call, since a call whose connect failed goes elsewhere.
//!
//! Half of the instances at most are left out, and never the last one. When no other is left, a
//! call goes to one that is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::member::Member;
use super::{Change, Verdict};
use kiteline_core::lock::lock;

const SECOND: u64 = 1_000_000_000;
const FIRST: u64 = 20 * SECOND;
const LONGEST: u64 = 300 * SECOND;
/// After this long without failures the ejection count is reset.
const FORGIVEN: u64 = 300 * SECOND;
const FAILURES: u32 = 3;
const TROUBLES: u32 = 5;
/// Answers of others meanwhile: where everybody is in trouble, nobody is an outlier.
const OTHERS: u64 = 3;
/// In `until`: one call is trying the instance.
const PROBED: u64 = u64::MAX;

/// The ejection state of one instance. All times in nanoseconds since the channel began.
#[derive(Debug, Default)]
pub(super) struct Ejection {
    /// 0: in use; [`PROBED`]; else left out until then.
    until: AtomicU64,
    /// Calls in a row that failed.
    failures: AtomicU32,
    /// Calls in a row that failed or were answered with trouble.
    troubles: AtomicU32,
    /// What the whole channel had answered when `troubles` began.
    others: AtomicU64,
    /// How often it was left out without being well in between.
    times: AtomicU32,
    /// When it was last in use again.
    back: AtomicU64,
}

impl Ejection {
    /// Whether a call may go there, be it as a probe.
    pub(super) fn is_open(&self, now: u64) -> bool {
        self.until.load(Ordering::Relaxed) <= now
    }

    pub(super) fn is_out(&self) -> bool {
        self.until.load(Ordering::Relaxed) != 0
    }

    /// Somebody registered it again: the next call is its probe.
    pub(super) fn shorten(&self) {
        let due = |until: u64| (until != 0 && until != PROBED).then_some(1);
        let _ = self.until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due);
    }

    /// Takes the right to call it; of those who find its time over, one gets it.
    pub(super) fn admit(&self, now: u64) -> bool {
        match self.until.load(Ordering::Relaxed) {
            0 => true,
            until if until > now => false,
            until => self.until.compare_exchange(until, PROBED, Ordering::Relaxed, Ordering::Relaxed).is_ok(),
        }
    }
}

/// The instances of one channel that are left out.
#[derive(Debug, Default)]
pub(super) struct Outliers {
    /// Calls that were answered without trouble, counted up to `wanted`.
    answered: AtomicU64,
    /// What `answered` has to reach for every instance in trouble: while none is, nobody counts.
    wanted: AtomicU64,
    /// Whether any instance may be out: while none is, nobody looks.
    any: AtomicBool,
    /// Held while an instance is thrown out, so that two do not take the last place.
    deciding: Mutex<()>,
}

impl Outliers {
    /// Whether any instance may be left out now.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Takes in how a call to one of `members` ended; gives what that changes for it.
    pub(super) fn report(&self, member: &Member, verdict: Verdict, members: &[Member], now: u64) -> Option<Change> {
        let ejection = &member.record().ejection;
        let probed = || ejection.until.load(Ordering::Relaxed) == PROBED;
        let due = match verdict {
            Verdict::Answered => {
                return self.welcome(member, members, now).then_some(Change::Back);
            }
            Verdict::Unknown => {
                // The probe said nothing: the next call is one.
                let _ = ejection.until.compare_exchange(PROBED, 1, Ordering::Relaxed, Ordering::Relaxed);
                return None;
            }
            Verdict::Unreachable => true,
            Verdict::Failed => {
                let _ = self.trouble(ejection);
                ejection.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES || probed()
            }
            Verdict::Troubled => {
                ejection.failures.store(0, Ordering::Relaxed);
                self.trouble(ejection) || probed()
            }
        };
        (due && self.throw_out(ejection, members, now)).then_some(Change::LeftOut)
    }

    /// Counts a trouble; gives whether enough were seen that are the instance's own: others answered
    /// in the meantime.
    fn trouble(&self, ejection: &Ejection) -> bool {
        let answered = self.answered.load(Ordering::Relaxed);
        let troubles = ejection.troubles.fetch_add(1, Ordering::Relaxed) + 1;
        if troubles == 1 {
            ejection.others.store(answered, Ordering::Relaxed);
            self.wanted.fetch_max(answered + OTHERS, Ordering::Relaxed);
        }
        if troubles < TROUBLES {
            return false;
        }
        ejection.troubles.store(0, Ordering::Relaxed);
        answered.saturating_sub(ejection.others.load(Ordering::Relaxed)) >= OTHERS
    }

    /// Takes in that a call to an instance which is in use was answered.
    pub(super) fn answered(&self, member: &Member) {
        let ejection = &member.record().ejection;
        if self.answered.load(Ordering::Relaxed) < self.wanted.load(Ordering::Relaxed) {
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        // Mostly there is nothing to write, and other threads keep what they read.
        for count in [&ejection.failures, &ejection.troubles] {
            if count.load(Ordering::Relaxed) != 0 {
                count.store(0, Ordering::Relaxed);
            }
        }
    }

    /// Notes that an instance answered; tells whether it was left out until then.
    fn welcome(&self, member: &Member, members: &[Member], now: u64) -> bool {
        self.answered(member);
        let ejection = &member.record().ejection;
        let was_out = ejection.is_out();
        if was_out {
            ejection.until.store(0, Ordering::Relaxed);
            ejection.back.store(now, Ordering::Relaxed);
            self.recount(members);
        }
        was_out
    }

    /// Looks whether any of `members` is out.
    pub(super) fn recount(&self, members: &[Member]) {
        let _deciding = lock(&self.deciding);
        let any = members.iter().any(|member| member.record().ejection.is_out());
        self.any.store(any, Ordering::Relaxed);
    }

    #[cold]
    fn throw_out(&self, ejection: &Ejection, members: &[Member], now: u64) -> bool {
        let _deciding = lock(&self.deciding);
        let until = ejection.until.load(Ordering::Relaxed);
        if until > now && until != PROBED {
            // A call that began before it was left out.
            return false;
        }
        if until == 0 {
            let out = members.iter().filter(|member| member.record().ejection.is_out()).count();
            let most = if members.len() < 2 { 0 } else { (members.len() / 2).max(1) };
            if out >= most {
                return false;
            }
            if now.saturating_sub(ejection.back.load(Ordering::Relaxed)) > FORGIVEN {
                ejection.times.store(0, Ordering::Relaxed);
            }
        }
        let times = ejection.times.fetch_add(1, Ordering::Relaxed);
        let time = FIRST.saturating_mul(4_u64.saturating_pow(times)).min(LONGEST);
        ejection.failures.store(0, Ordering::Relaxed);
        ejection.troubles.store(0, Ordering::Relaxed);
        self.any.store(true, Ordering::Relaxed);
        ejection.until.store(now.saturating_add(time), Ordering::Relaxed);
        true
    }
}
