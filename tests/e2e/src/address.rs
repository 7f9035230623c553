//! Addresses for programs that are told where to listen.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// A free address of loopback, which no other call of this process gets. Its port stays free for whoever is to listen there: it lies
/// below those that the system gives out (32768 and up on Linux).
///
/// # Panics
///
/// When no port is free.
pub fn free_address() -> String {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Programs that run at once begin at different places.
    let start = std::process::id().wrapping_mul(97);
    let next = || 10_000 + start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % 20_000;
    let mut addresses = std::iter::repeat_with(|| format!("127.0.0.1:{}", next())).take(20_000);
    addresses.find(|address| TcpListener::bind(address).is_ok()).unwrap()
}
