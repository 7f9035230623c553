//! The table of descriptors has room before connections come.

use e2e::ran_alone;
use runtime::{Config, Limits, Server};

use crate::add::AddServer;

/// Descriptors that the kernel has room for without a larger table (`proc_pid_status(5)`).
fn room() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("FDSize:")).unwrap();
    line.trim().parse().unwrap()
}

/// Descriptors that this process may have (`proc_pid_limits(5)`).
fn allowed() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(usize::MAX)
}

/// Alone in its process: other tests would open descriptors.
#[tokio::test]
async fn there_is_room_from_the_start() {
    if ran_alone(there_is_room_from_the_start) {
        return;
    }
    assert!(room() < 600, "{} descriptors have room without a server", room());
    let few = Limits { connections: 600, ..Limits::default() };
    let running = Server::new(Config { limits: few, ..Config::local() }).add(AddServer::default()).start();
    let running = running.await.unwrap();
    assert!(room() >= 600, "{} of 600 connections have room", room());
    drop(running);
    // Of more than the process may have, at least half of what it may.
    let many = Limits { connections: usize::MAX, ..Limits::default() };
    let running = Server::new(Config { limits: many, ..Config::local() }).add(AddServer::default()).start();
    running.await.unwrap();
    assert!((allowed().min(65_535) / 2..=131_072).contains(&room()), "{} of {} have room", room(), allowed());
}
