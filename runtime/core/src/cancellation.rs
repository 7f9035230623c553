//! What cancels a call: its connection goes away, or the call alone is given up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::cache_padded::CachePadded;

/// What cancels one call. Its token is made when somebody waits for it: most handlers never do.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    token: OnceLock<CancellationToken>,
}

impl From<CancellationToken> for Cancellation {
    fn from(token: CancellationToken) -> Self {
        Self(Arc::new(State { cancelled: AtomicBool::new(false), token: token.into() }))
    }
}

impl Cancellation {
    /// This one for another call, where nobody else has it and nothing came of it; else a new one.
    pub fn again(&mut self) -> Self {
        let unused = |state: &mut State| !*state.cancelled.get_mut() && state.token.get().is_none();
        if !Arc::get_mut(&mut self.0).is_some_and(unused) {
            *self = Self::default();
        }
        self.clone()
    }

    /// Cancels the call.
    pub fn cancel(&self) {
        // In one order with `token`: either the token is seen here, or the flag there.
        self.0.cancelled.store(true, Ordering::SeqCst);
        if let Some(token) = self.0.token.get() {
            token.cancel();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst) || self.0.token.get().is_some_and(CancellationToken::is_cancelled)
    }

    fn token(&self) -> &CancellationToken {
        let token = self.0.token.get_or_init(CancellationToken::new);
        if self.0.cancelled.load(Ordering::SeqCst) {
            token.cancel();
        }
        token
    }

    /// Cancels the call when it is dropped.
    pub fn guard(self) -> CancelGuard {
        CancelGuard(Some(self))
    }
}

/// Cancels a call when it is dropped.
#[derive(Debug)]
pub struct CancelGuard(Option<Cancellation>);

impl CancelGuard {
    /// The call has ended by itself.
    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        if let Some(cancellation) = &self.0 {
            cancellation.cancel();
        }
    }
}

/// What a context has of it.
#[derive(Clone, Debug)]
pub(crate) enum Ends {
    /// Every call of a connection ends with it. In an `Arc`: to clone a token takes its lock.
    Connection(Arc<CachePadded<CancellationToken>>),
    /// This call alone.
    Call(Cancellation),
}

impl Ends {
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Self::Connection(token) => token.is_cancelled(),
            Self::Call(call) => call.is_cancelled(),
        }
    }

    pub(crate) fn token(&self) -> &CancellationToken {
        match self {
            Self::Connection(token) => token,
            Self::Call(call) => call.token(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_is_told_whether_before_or_after() {
        let before = Cancellation::default();
        assert!(!before.is_cancelled());
        before.cancel();
        assert!(before.is_cancelled() && before.token().is_cancelled());
        let after = Cancellation::default();
        let token = after.token().clone();
        drop(after.clone().guard());
        assert!(after.is_cancelled() && token.is_cancelled());
        let ended = Cancellation::default();
        ended.clone().guard().disarm();
        assert!(!ended.is_cancelled());
        let mut spare = Cancellation::default();
        let first = spare.again();
        let second = spare.again();
        first.cancel();
        assert!(!second.is_cancelled());
        drop(second);
        spare.again().cancel();
        assert!(!spare.again().is_cancelled());
        let token = CancellationToken::new();
        let own = Cancellation::from(token.clone());
        token.cancel();
        assert!(own.is_cancelled());
    }
}
