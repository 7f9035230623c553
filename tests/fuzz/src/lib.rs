//! Seeded mutations of a corpus: the same inputs in every run, more of them with `FUZZ=n`.
//!
//! Owns the mutations and the loop, and knows nothing of what is fuzzed. A failure prints the seed
//! and the input in hexadecimal digits, to become a test of its own.
#![allow(clippy::panic, reason = "a fuzzer reports by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// No input may take longer.
const LONGEST: Duration = Duration::from_secs(1);

/// Numbers and lengths that are borders of something.
const BORDERS: [u64; 12] = [0, 1, 2, 63, 64, 65, 0x7f, 0x80, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff_ffff_ffff];

/// Numbers that look random and are the same in every run (Marsaglia's xorshift64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts from any seed.
    pub fn new(seed: u64) -> Self {
        // The state is never 0, and near seeds begin apart.
        let mut random = Self((seed ^ 0x9e37_79b9_7f4a_7c15).max(1));
        random.number();
        random
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % (end.max(1) as u64)).unwrap_or(0)
    }

    /// One of several; `None` of nothing.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// One to eight changes of an input: flipped bits, other bytes, borders in place of lengths, cuts,
/// repetitions, and pieces of another input.
pub fn mutate(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(8) {
        change(&mut bytes, other, random);
        bytes.truncate(1 << 20);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(16)).min(bytes.len());
    match random.below(8) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.number().to_be_bytes()[0];
            }
        }
        2 | 3 => {
            let number = random.pick(&BORDERS).copied().unwrap_or(0).to_be_bytes();
            let width = random.pick(&[1, 2, 4, 4, 8]).copied().unwrap_or(4);
            let number = number.get(8 - width..).unwrap_or(&number);
            bytes.iter_mut().skip(at).zip(number).for_each(|(byte, new)| *byte = *new);
        }
        4 => bytes.truncate(at),
        5 => drop(bytes.drain(at..end)),
        6 => {
            let again = bytes.get(at..end).unwrap_or_default().to_vec();
            drop(bytes.splice(at..at, again));
        }
        _ => {
            let from = random.below(other.len() + 1);
            let piece = other.get(from..(from + random.below(64)).min(other.len())).unwrap_or_default();
            drop(bytes.splice(at..end, piece.iter().copied()));
        }
    }
}

/// How many inputs: `FUZZ` as a factor of `usual`, which takes about a second without optimisation.
pub fn executions(usual: usize) -> usize {
    let factor = std::env::var("FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(1_usize);
    usual.saturating_mul(factor)
}

/// Feeds `count` mutations of `corpus` to `check`, which panics when an input breaks something.
///
/// # Panics
///
/// With the seed and the input when `check` panicked or took longer than a second.
pub fn fuzz(corpus: &[Vec<u8>], count: usize, mut check: impl FnMut(&[u8])) {
    assert!(!corpus.is_empty(), "there is something to change");
    for input in corpus {
        run(0, input, &mut check);
    }
    for seed in 1..=count as u64 {
        let mut random = Random::new(seed);
        let (Some(input), Some(other)) = (random.pick(corpus), random.pick(corpus)) else { return };
        run(seed, &mutate(input, other, &mut random), &mut check);
    }
}

fn run(seed: u64, input: &[u8], check: &mut impl FnMut(&[u8])) {
    let mut once = || {
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| check(input)));
        (outcome.is_ok(), start.elapsed())
    };
    let (mut sound, mut time) = once();
    // A busy machine may take the processor away once, but not every time.
    for _ in 0..4 {
        if sound && time > LONGEST {
            let (again, least) = once();
            (sound, time) = (again, time.min(least));
        }
    }
    if !sound || time > LONGEST {
        let digits: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        panic!("seed {seed}, {time:?}, {} bytes: {digits}", input.len());
    }
}

/// The same for text: what is not UTF-8 is replaced.
///
/// # Panics
///
/// As [`fuzz`].
pub fn fuzz_text(corpus: &[&str], count: usize, mut check: impl FnMut(&str)) {
    let corpus: Vec<Vec<u8>> = corpus.iter().map(|text| text.as_bytes().to_vec()).collect();
    fuzz(&corpus, count, |input| check(&String::from_utf8_lossy(input)));
}

/// Cuts an input at random places, in order.
pub fn chunks<'a>(mut input: &'a [u8], random: &mut Random) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    while !input.is_empty() {
        let most = random.pick(&[1, 4, 64, 4096]).copied().unwrap_or(1);
        let (head, tail) = input.split_at((1 + random.below(most)).min(input.len()));
        chunks.push(head);
        input = tail;
    }
    chunks
}
