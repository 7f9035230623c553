//! Connections that wait too long, on a clock that stands still.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::connections::{Connections, PHASES, Phase, REST, TICK};
use super::counters::{Counter, Counters};
use kiteline_core::limits::Limits;

fn address(last: u8) -> IpAddr {
    IpAddr::from([127, 0, 0, last])
}

#[test]
fn counts_connections_in_all_and_by_address() {
    let connections = Arc::new(Connections::default());
    let limits = Limits { connections: 3, connections_per_address: 2, ..Limits::default() };
    let first = connections.admit(address(1), &limits).unwrap();
    let _second = connections.admit(address(1), &limits).unwrap();
    assert!(connections.admit(address(1), &limits).is_none());
    let _third = connections.admit(address(2), &limits).unwrap();
    assert!(connections.admit(address(3), &limits).is_none());
    drop(first);
    assert!(connections.admit(address(3), &limits).is_some());
}

#[tokio::test(start_paused = true)]
async fn ends_only_what_has_waited_too_long() {
    let connections = Arc::new(Connections::default());
    let limits = Limits::default();
    let counters = Counters::default();
    PHASES.into_iter().for_each(|phase| stuck(&connections, phase, &limits));
    let sweep = connections.sweep(&limits, &counters);
    let _ = tokio::time::timeout(Duration::from_secs(9), sweep).await;
    assert_eq!(connections.open(), 6);
    let sweep = connections.sweep(&limits, &counters);
    let _ = tokio::time::timeout(Duration::from_secs(2), sweep).await;
    assert_eq!(connections.open(), 4);
    assert_eq!((counters.get(Counter::Stalled), counters.get(Counter::WriteTimeouts)), (1, 1));
    let sweep = connections.sweep(&limits, &counters);
    let _ = tokio::time::timeout(Duration::from_secs(400), sweep).await;
    // Work is left: its handler has a deadline of its own.
    assert_eq!((connections.open(), counters.get(Counter::Idle)), (1, 2));
}

/// Opens a connection that stays in one phase for ever.
fn stuck(connections: &Arc<Connections>, phase: Phase, limits: &Limits) {
    let guard = connections.admit(address(1), limits).unwrap();
    guard.enter(phase);
    let id = guard.id();
    let task = tokio::spawn(async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
    connections.runs_in(id, task.abort_handle());
}

/// What is left of a phase's limit when the server drains: from the drain on, or from the phase's
/// begin when that is later.
#[tokio::test(start_paused = true)]
async fn a_drain_leaves_little_time_to_peers_that_say_nothing() {
    let second = Duration::from_secs(1);
    let short = Limits { whole_frame: 2 * second, ..Limits::default() };
    for (phase, limits, before, open) in [
        (Phase::Frame, Limits::default(), Duration::ZERO, 5 * second),
        (Phase::Frame, Limits::default(), 20 * second, 5 * second),
        (Phase::Frame, Limits::default(), 27 * second, 3 * second),
        (Phase::Frame, short, Duration::ZERO, 2 * second),
        (Phase::Streamless, Limits::default(), 20 * second, 10 * second),
        (Phase::Idle, Limits::default(), 20 * second, Duration::ZERO),
    ] {
        let connections = Arc::new(Connections::default());
        let counters = Counters::default();
        stuck(&connections, phase, &limits);
        let mut sweep = std::pin::pin!(connections.sweep(&limits, &counters));
        let _ = tokio::time::timeout(before, &mut sweep).await;
        connections.drain();
        if let Some(below) = open.checked_sub(TICK) {
            let _ = tokio::time::timeout(below, &mut sweep).await;
            assert_eq!(connections.open(), 1, "{phase:?} {before:?} below {open:?}");
        }
        let _ = tokio::time::timeout(4 * TICK, &mut sweep).await;
        assert_eq!(connections.open(), 0, "{phase:?} {before:?} above {open:?}");
        let cut_off = u64::from(phase == Phase::Frame);
        assert_eq!(counters.get(Counter::Stalled), cut_off);
    }
}

/// A frame that begins while the server drains has its time from then on; handlers and writes
/// have their own.
#[tokio::test(start_paused = true)]
async fn a_drain_leaves_time_to_who_goes_on() {
    let connections = Arc::new(Connections::default());
    let limits = Limits { write: Duration::from_secs(3600), ..Limits::default() };
    let counters = Counters::default();
    stuck(&connections, Phase::Work, &limits);
    stuck(&connections, Phase::Write, &limits);
    connections.drain();
    let mut sweep = std::pin::pin!(connections.sweep(&limits, &counters));
    let _ = tokio::time::timeout(Duration::from_secs(60), &mut sweep).await;
    assert_eq!(connections.open(), 2);
    stuck(&connections, Phase::Frame, &limits);
    let _ = tokio::time::timeout(REST - TICK, &mut sweep).await;
    assert_eq!(connections.open(), 3);
    let _ = tokio::time::timeout(4 * TICK, &mut sweep).await;
    assert_eq!(connections.open(), 2);
}

/// A limit of 1 s, by the coarse tick: open at it, closed soon above it.
#[tokio::test(start_paused = true)]
async fn every_phase_has_its_own_limit() {
    let all = Duration::from_secs(3600);
    let one = Duration::from_secs(1);
    let none = Limits { first_byte: all, whole_frame: all, idle: all, write: all, ..Limits::default() };
    for (phase, limits) in [
        (Phase::FirstByte, Limits { first_byte: one, ..none.clone() }),
        (Phase::Frame, Limits { whole_frame: one, ..none.clone() }),
        (Phase::Idle, Limits { idle: one, ..none.clone() }),
        (Phase::Write, Limits { write: one, ..none.clone() }),
    ] {
        let connections = Arc::new(Connections::default());
        stuck(&connections, phase, &limits);
        let counters = Counters::default();
        let mut sweep = std::pin::pin!(connections.sweep(&limits, &counters));
        let _ = tokio::time::timeout(one - TICK, &mut sweep).await;
        assert_eq!(connections.open(), 1, "{phase:?} below");
        let _ = tokio::time::timeout(3 * TICK, &mut sweep).await;
        assert_eq!(connections.open(), 0, "{phase:?} above");
    }
}
