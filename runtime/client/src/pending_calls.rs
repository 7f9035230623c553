//! Calls that wait for an answer on a shared connection, by sequence number.
//!
//! A slab that the number indexes. The slot of a cancelled call is used again only after its answer came, so that a
//! late answer reaches nobody. The number's upper half tells the uses of a slot apart, so that a repeated answer
//! reaches nobody either.

use std::mem;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use kiteline_thrift::Incoming;

/// Bits of a sequence number that are a slot's index; the others count its uses, from 1.
const INDEX: u32 = 16;
const USES: i32 = 0x7fff;

/// How many calls may wait.
const MOST: usize = 1 << INDEX;

#[derive(Debug)]
enum Wait {
    Free,
    /// Given up; its answer has not come.
    Lost,
    Waiting(Option<Waker>),
    /// Its deadline has passed; whoever waits has not yet looked.
    Late,
    Done(Incoming),
}

/// For how long nothing may arrive while calls are given up: then the connection leads nowhere, and
/// nobody would tell.
const SILENT: Duration = Duration::from_secs(1);
/// The same once so many deadlines have passed.
const QUIET: Duration = Duration::from_millis(100);
const LATE: usize = 3;

/// The silence of a connection, from when a call was given up after which nothing arrived.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    since: Option<Instant>,
    /// Calls whose deadlines passed meanwhile.
    late: usize,
}

impl Quiet {
    /// Another call is given up; whether that shows that nobody is there.
    pub(super) fn leads_nowhere(&mut self, late: bool) -> bool {
        self.late += usize::from(late);
        let since = self.since.get_or_insert_with(Instant::now).elapsed();
        since >= SILENT || self.late >= LATE && since >= QUIET
    }
}

/// The deadline of the call has passed.
#[derive(Debug)]
pub(super) struct Late;

#[derive(Debug)]
struct Slot {
    seq: i32,
    wait: Wait,
    deadline: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct PendingCalls {
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// Calls that were given up and whose answers have not come.
    lost: usize,
}

/// The slot's index in a sequence number.
fn index(seq: i32) -> usize {
    usize::try_from(seq & ((1 << INDEX) - 1)).unwrap_or(usize::MAX)
}

impl PendingCalls {
    /// Reserves a sequence number for a caller that waits until `deadline` and is woken by `waker`, if that is known.
    /// `None` when too many calls wait.
    pub(super) fn enter(&mut self, deadline: Option<Instant>, waker: Option<Waker>) -> Option<i32> {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                let at = self.slots.len();
                let seq = i32::try_from(at).ok().filter(|_| at < MOST)?;
                self.slots.push(Slot { seq, wait: Wait::Free, deadline: None });
                at
            }
        };
        let slot = self.slots.get_mut(at)?;
        let uses = (slot.seq >> INDEX) % USES + 1;
        slot.seq = uses << INDEX | (slot.seq & ((1 << INDEX) - 1));
        slot.wait = Wait::Waiting(waker);
        slot.deadline = deadline;
        Some(slot.seq)
    }

    /// Whether one alone waits.
    pub(super) fn is_one(&self) -> bool {
        self.slots.len() - self.free.len() == 1
    }

    /// The waiter to wake, if it sleeps; the message itself when nobody waits for it.
    pub(super) fn deliver(&mut self, seq: i32, incoming: Incoming) -> Result<Option<Waker>, Incoming> {
        let Some(slot) = self.slots.get_mut(index(seq)).filter(|slot| slot.seq == seq) else { return Err(incoming) };
        let waker = match &mut slot.wait {
            Wait::Waiting(waker) => waker.take(),
            Wait::Late => None,
            Wait::Lost => {
                slot.wait = Wait::Free;
                self.free.push(index(seq));
                self.lost -= 1;
                return Err(incoming);
            }
            Wait::Free | Wait::Done(_) => return Err(incoming),
        };
        slot.wait = Wait::Done(incoming);
        Ok(waker)
    }

    /// The answer to a number, which is free then; without one it is waited for, until its deadline.
    pub(super) fn poll(&mut self, seq: i32, waker: &Waker) -> Poll<Result<Incoming, Late>> {
        let Some(slot) = self.slots.get_mut(index(seq)) else { return Poll::Pending };
        match mem::replace(&mut slot.wait, Wait::Free) {
            Wait::Done(incoming) => {
                self.free.push(index(seq));
                Poll::Ready(Ok(incoming))
            }
            Wait::Late => {
                slot.wait = Wait::Late;
                Poll::Ready(Err(Late))
            }
            _ => {
                slot.wait = Wait::Waiting(Some(waker.clone()));
                Poll::Pending
            }
        }
    }

    /// Everybody whose deadline has passed and who sleeps, and the next deadline of the others.
    pub(super) fn expire(&mut self, now: Instant) -> (Vec<Waker>, Option<Instant>) {
        let (mut wakers, mut next) = (Vec::new(), None);
        for slot in &mut self.slots {
            let (Wait::Waiting(waker), Some(deadline)) = (&mut slot.wait, slot.deadline) else { continue };
            if deadline <= now {
                wakers.extend(waker.take());
                slot.wait = Wait::Late;
            } else {
                next = Some(next.map_or(deadline, |next: Instant| next.min(deadline)));
            }
        }
        (wakers, next)
    }

    /// Gives a number back to which no answer came, or was taken; `answered` when one is still to
    /// come. Tells how many such there are.
    pub(super) fn leave(&mut self, seq: i32, answered: bool) -> usize {
        let Some(slot) = self.slots.get_mut(index(seq)) else { return self.lost };
        // A number whose answer is still to come names nobody else before it came.
        if answered && matches!(slot.wait, Wait::Waiting(_) | Wait::Late) {
            slot.wait = Wait::Lost;
            self.lost += 1;
        } else {
            slot.wait = Wait::Free;
            self.free.push(index(seq));
        }
        self.lost
    }

    /// Whether the deadline of a call has passed.
    pub(super) fn is_late(&self, seq: i32) -> bool {
        let deadline = self.slots.get(index(seq)).and_then(|slot| slot.deadline);
        deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Everybody who sleeps.
    pub(super) fn wakers(&mut self) -> Vec<Waker> {
        let waker = |slot: &mut Slot| match &mut slot.wait {
            Wait::Waiting(waker) => waker.take(),
            _ => None,
        };
        self.slots.iter_mut().filter_map(waker).collect()
    }
}
