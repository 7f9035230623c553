//! Who waits on a shared connection, by the sequence numbers of their calls.
//!
//! They stand in a slab that the number indexes. The place of a call that was given up is taken
//! again only after its answer came, so that a late answer reaches nobody; the number's upper half
//! tells a place's uses apart, so that a repeated one does neither.

use std::mem;
use std::task::Waker;

use crate::thrift::Incoming;

/// Bits of a sequence number that are a slot's place; the others count its uses, from 1.
const PLACE: u32 = 16;
const USES: i32 = 0x7fff;

/// How many may wait.
const MOST: usize = 1 << PLACE;

#[derive(Debug)]
enum Wait {
    Free,
    /// Given up; its answer has not come.
    Lost,
    Waiting(Option<Waker>),
    Done(Incoming),
}

#[derive(Debug)]
struct Slot {
    seq: i32,
    wait: Wait,
}

#[derive(Debug, Default)]
pub(super) struct Waiters {
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// Calls that were given up and whose answers have not come.
    lost: usize,
}

/// The place that a sequence number names.
fn place(seq: i32) -> usize {
    usize::try_from(seq & ((1 << PLACE) - 1)).unwrap_or(usize::MAX)
}

impl Waiters {
    /// A number for one more; `None` when there are too many.
    pub(super) fn enter(&mut self) -> Option<i32> {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                let at = self.slots.len();
                let seq = i32::try_from(at).ok().filter(|_| at < MOST)?;
                self.slots.push(Slot { seq, wait: Wait::Free });
                at
            }
        };
        let slot = self.slots.get_mut(at)?;
        let uses = (slot.seq >> PLACE) % USES + 1;
        slot.seq = uses << PLACE | (slot.seq & ((1 << PLACE) - 1));
        slot.wait = Wait::Waiting(None);
        Some(slot.seq)
    }

    /// Whether one alone waits.
    pub(super) fn is_one(&self) -> bool {
        self.slots.len() - self.free.len() == 1
    }

    /// The waiter to wake, if it sleeps; the message itself when nobody waits for it.
    pub(super) fn deliver(&mut self, seq: i32, incoming: Incoming) -> Result<Option<Waker>, Incoming> {
        let Some(slot) = self.slots.get_mut(place(seq)).filter(|slot| slot.seq == seq) else { return Err(incoming) };
        let waker = match &mut slot.wait {
            Wait::Waiting(waker) => waker.take(),
            Wait::Lost => {
                slot.wait = Wait::Free;
                self.free.push(place(seq));
                self.lost -= 1;
                return Err(incoming);
            }
            Wait::Free | Wait::Done(_) => return Err(incoming),
        };
        slot.wait = Wait::Done(incoming);
        Ok(waker)
    }

    /// The answer to a number, which is free then; without one it is waited for.
    pub(super) fn take(&mut self, seq: i32, waker: &Waker) -> Option<Incoming> {
        let slot = self.slots.get_mut(place(seq))?;
        match mem::replace(&mut slot.wait, Wait::Free) {
            Wait::Done(incoming) => {
                self.free.push(place(seq));
                Some(incoming)
            }
            _ => {
                slot.wait = Wait::Waiting(Some(waker.clone()));
                None
            }
        }
    }

    /// Gives a number back to which no answer came, or was taken; `answered` when one is still to
    /// come. Tells how many such there are.
    pub(super) fn leave(&mut self, seq: i32, answered: bool) -> usize {
        let Some(slot) = self.slots.get_mut(place(seq)) else { return self.lost };
        // A number whose answer is still to come names nobody else before it came.
        if answered && matches!(slot.wait, Wait::Waiting(_)) {
            slot.wait = Wait::Lost;
            self.lost += 1;
        } else {
            slot.wait = Wait::Free;
            self.free.push(place(seq));
        }
        self.lost
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
