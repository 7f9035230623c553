//! One instance of a channel's list with the statistics of its calls, which outlive the list.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::Verdict;
use super::outlier::Ejection;
use kiteline_core::fnv::hash_of;
use kiteline_registry::Instance;

/// An old latency counts half after this long.
const HALF_LIFE: u64 = 5_000_000_000;
/// A failed call counts as one that took at least this long: who fails fast is not fast.
const FAILED: u64 = 1_000_000_000;

/// One instance of a list.
#[derive(Clone, Debug)]
pub struct Member {
    instance: Arc<Instance>,
    record: Arc<Record>,
    /// The instance's, where a pick finds it without another look into memory.
    weight: u32,
    /// Which of the instance's endpoints is called.
    pub(super) endpoint: usize,
    pub(super) suspect: bool,
}

/// The record of an instance beyond one list.
#[derive(Debug)]
pub(super) struct Record {
    in_flight: AtomicU32,
    /// Nanoseconds; 0 before the first call.
    latency: AtomicU64,
    /// When `latency` was written.
    at: AtomicU64,
    pub(super) ejection: Ejection,
    /// Of the instance's id.
    pub(super) hash: u64,
}

impl Member {
    /// An instance that was not called yet, for tests of a balancer.
    pub fn new(instance: Arc<Instance>) -> Self {
        let record = Record {
            in_flight: AtomicU32::new(0),
            latency: AtomicU64::new(0),
            at: AtomicU64::new(0),
            ejection: Ejection::default(),
            hash: hash_of(instance.id.as_bytes()),
        };
        Self { weight: instance.weight.max(1), instance, record: Arc::new(record), endpoint: 0, suspect: false }
    }

    /// This instance as another list states it.
    pub(super) fn restated(&self, instance: Arc<Instance>) -> Self {
        let (record, endpoint) = (Arc::clone(&self.record), self.endpoint);
        Self { weight: instance.weight.max(1), instance, record, endpoint, suspect: false }
    }

    /// The instance.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// Its weight; never 0.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// Calls under way at it, of this channel; counted for a picker that [weighs load](super::Picker::weighs_load).
    pub fn in_flight(&self) -> u32 {
        self.record.in_flight.load(Ordering::Relaxed)
    }

    /// How long its answers take, in nanoseconds: the longest lately, which counts half every 5 s;
    /// 0 before the first. `now` is [`PickRequest::now`](super::PickRequest::now).
    pub fn latency(&self, now: u64) -> u64 {
        let latency = self.record.latency.load(Ordering::Relaxed);
        let age = now.saturating_sub(self.record.at.load(Ordering::Relaxed));
        match u32::try_from(age / HALF_LIFE) {
            Ok(0) => latency,
            Ok(halves) => latency.checked_shr(halves).unwrap_or(0).max(u64::from(latency != 0)),
            Err(_) => u64::from(latency != 0),
        }
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn started(&self) {
        self.record.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn ended(&self, verdict: Verdict, took: u64, now: u64) {
        self.record.in_flight.fetch_sub(1, Ordering::Relaxed);
        let took = match verdict {
            Verdict::Unknown => return,
            Verdict::Answered => took,
            _ => took.max(FAILED),
        };
        // Up at once, down slowly (a "peak" mean); concurrent writers may lose one another's.
        let old = self.latency(now);
        let new = if took >= old { took } else { old - (old - took) / 8 };
        self.record.latency.store(new.max(1), Ordering::Relaxed);
        self.record.at.store(now, Ordering::Relaxed);
    }
}
