//! Fair shares of the calls in work: who has more than its share is refused first.
//!
//! Only calls that are not ready at once are counted here: others hold nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use kiteline_core::cache_padded::CachePadded;
use kiteline_core::certificate::PeerCertificate;
use kiteline_core::context::Context;

/// The calls in work of one connection, and those of its address.
#[derive(Debug, Default)]
pub(super) struct Share {
    calls: CachePadded<AtomicUsize>,
    address: Arc<CachePadded<AtomicUsize>>,
    /// Whose calls they are, where the peer proved it.
    certificate: OnceLock<Arc<PeerCertificate>>,
}

impl Share {
    /// A connection from an address whose calls are counted here.
    pub(super) fn new(address: Arc<CachePadded<AtomicUsize>>) -> Self {
        Self { calls: CachePadded::default(), address, certificate: OnceLock::new() }
    }

    /// Says who the peer is, before there are calls.
    pub(super) fn prove(&self, certificate: Arc<PeerCertificate>) {
        // Nobody proves it twice.
        let _ = self.certificate.set(certificate);
    }

    /// Lets a call know who the peer is.
    pub(super) fn describe(&self, cx: &mut Context) {
        if let Some(certificate) = self.certificate.get() {
            cx.set_peer_certificate(Arc::clone(certificate));
        }
    }

    /// Whether another call is to be refused while there are `calls` in work of `most`. The last quarter is for
    /// connections with less than an eighth of all, the last eighth for those with less than a 64th, the last 16th
    /// for addresses with less than half.
    pub(super) fn is_over(&self, calls: usize, most: usize) -> bool {
        calls >= most - most / 4 && self.is_over_when_scarce(calls, most)
    }

    #[cold]
    fn is_over_when_scarce(&self, calls: usize, most: usize) -> bool {
        let (own, address) = (self.calls.load(Ordering::Relaxed), self.address.load(Ordering::Relaxed));
        let part = if calls < most - most / 8 { 8 } else { 64 };
        own >= (most / part).max(1) || calls >= most - most / 16 && address >= most / 2
    }
}

/// A call that is counted, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted(Arc<Share>);

impl Counted {
    pub(super) fn new(share: &Arc<Share>) -> Self {
        share.calls.fetch_add(1, Ordering::Relaxed);
        share.address.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(share))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
        self.0.address.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enters calls of a connection until one is refused; gives those that entered.
    fn fill(share: &Arc<Share>, held: &mut Vec<Counted>, most: usize) -> usize {
        let before = held.len();
        while held.len() < most && !share.is_over(held.len(), most) {
            held.push(Counted::new(share));
        }
        held.len() - before
    }

    #[test]
    fn a_connection_leaves_a_quarter_to_others_and_an_address_a_16th() {
        let (one, other) = (Arc::<CachePadded<AtomicUsize>>::default(), Arc::<CachePadded<AtomicUsize>>::default());
        let connection = |address: &Arc<_>| Arc::new(Share::new(Arc::clone(address)));
        let mut held = Vec::new();
        assert_eq!(fill(&connection(&one), &mut held, 80), 60);
        assert_eq!(fill(&connection(&one), &mut held, 80), 10);
        // One a connection from there on; an address that has more than half ends with the last 16th.
        let entered: Vec<_> = (0..8).map(|_| fill(&connection(&one), &mut held, 80)).collect();
        assert_eq!(entered, [1, 1, 1, 1, 1, 0, 0, 0]);
        let entered: Vec<_> = (0..8).map(|_| fill(&connection(&other), &mut held, 80)).collect();
        assert_eq!(entered, [1, 1, 1, 1, 1, 0, 0, 0]);
        held.clear();
        assert_eq!((one.load(Ordering::Relaxed), other.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn few_calls_have_no_shares() {
        let share = Arc::new(Share::default());
        for most in [1, 2, 3] {
            assert_eq!(fill(&share, &mut Vec::new(), most), most);
        }
    }
}
