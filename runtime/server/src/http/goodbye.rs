//! When a peer is told that its connection ends: for a drain, or because the connection is old.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use kiteline_core::limits::Limits;

/// Serves until the peer is told to go, for a drain or because the connection is old, and then until it has gone.
pub(super) async fn until_told<C: Future<Output = hyper::Result<()>> + Unpin>(
    mut serving: &mut C,
    tell: impl FnOnce(&mut C),
    goaway: CancellationToken,
    limits: &Limits,
) -> hyper::Result<()> {
    let ends = async {
        let old = async {
            match limits.connection_age {
                Some(age) => tokio::time::sleep(age.mul_f64(jitter())).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = goaway.cancelled() => false,
            () = old => true,
        }
    };
    // Asked when it is woken alone, not with each request.
    let mut ends: FuturesUnordered<_> = std::iter::once(ends).collect();
    let aged = tokio::select! {
        biased;
        outcome = &mut serving => return outcome,
        Some(aged) = ends.next() => aged,
    };
    tell(serving);
    if aged {
        // What is still open then ends with the connection.
        return tokio::time::timeout(limits.connection_age_grace, serving).await.unwrap_or(Ok(()));
    }
    serving.await
}

/// From 0.9 to 1.1.
fn jitter() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    0.9 + 0.2 * (random as f64 / u64::MAX as f64)
}
