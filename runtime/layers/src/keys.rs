//! A bounded table of states by key: memory that no peer can make grow.

use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;

use kiteline_core::lock::lock;

/// Keys that share a lock, and compete for room.
const WAYS: usize = 16;

/// The state of a key; one whose state is 0 is free.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: u64,
    state: u64,
}

/// States by key, in sets of [`WAYS`]. Of a key there is its hash alone, with a secret of this process: a caller can neither
/// fill memory with long keys nor choose one that counts for another.
///
/// A full set gives the slot of the key that has been idle longest away, which is the one with the lowest state. A key
/// whose state is in the past is as one that was never seen: to forget it changes nothing.
#[derive(Debug)]
pub(crate) struct Keys {
    secret: RandomState,
    sets: Box<[Mutex<[Slot; WAYS]>]>,
}

impl Keys {
    /// Room for so many keys, rounded up.
    pub(crate) fn new(most: usize) -> Self {
        let sets = most.div_ceil(WAYS).clamp(1, 1 << 24);
        Self { secret: RandomState::new(), sets: (0..sets).map(|_| Mutex::default()).collect() }
    }

    /// Changes the state of a key, which is 0 for one that is not known.
    pub(crate) fn update<E>(&self, key: &[u8], change: impl FnOnce(u64) -> Result<u64, E>) -> Result<(), E> {
        let key = self.secret.hash_one(key);
        let set = usize::try_from(key >> 32).unwrap_or_default() % self.sets.len();
        let mut slots = lock(&self.sets[set]);
        match slots.iter_mut().find(|slot| slot.key == key && slot.state != 0) {
            Some(slot) => slot.state = change(slot.state)?,
            None => {
                let state = change(0)?;
                if let Some(idle) = slots.iter_mut().min_by_key(|slot| slot.state) {
                    *idle = Slot { key, state };
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(keys: &Keys, key: &str, state: u64) -> u64 {
        let mut before = 0;
        let changed: Result<(), ()> = keys.update(key.as_bytes(), |known| {
            before = known;
            Ok(state)
        });
        changed.unwrap();
        before
    }

    #[test]
    fn each_key_has_a_state() {
        let keys = Keys::new(1000);
        assert_eq!([set(&keys, "a", 1), set(&keys, "b", 2), set(&keys, "", 3)], [0, 0, 0]);
        assert_eq!([set(&keys, "a", 4), set(&keys, "b", 5), set(&keys, "", 6)], [1, 2, 3]);
        assert_eq!(keys.update(b"a", |_| Err::<u64, _>("kept")), Err("kept"));
        assert_eq!(set(&keys, "a", 7), 4);
    }

    #[test]
    fn more_keys_than_there_is_room_for_forget_the_ones_that_were_idle_longest() {
        let keys = Keys::new(1);
        assert_eq!(keys.sets.len(), 1);
        for at in 1..=100 {
            set(&keys, &format!("key {at}"), at);
        }
        assert_eq!(set(&keys, "key 85", 200), 85);
        assert_eq!(set(&keys, "key 84", 201), 0, "the last 16 are known");
    }
}
