//! Cost of the system calls of a ping-pong by themselves: two sends and two receives per call, each of which finds its
//! bytes there. Nobody waits or is woken, nothing is scheduled, encoded or decoded, both ends of a connection are of
//! one thread. No program that makes these calls, one request a connection at a time, makes more of them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use crate::load::{Figures, cpu};

/// As many as the runtime of the others has.
const THREADS: usize = 2;

/// One round with messages of `size` bytes, on as many connections as there are callers.
pub fn round(size: usize, callers: usize, time: Duration) -> Figures {
    let threads = THREADS.min(callers);
    let ready = Arc::new(Barrier::new(threads + 1));
    let done = Arc::new(Barrier::new(threads + 1));
    let start = |_| {
        let (ready, done) = (Arc::clone(&ready), Arc::clone(&done));
        thread::spawn(move || {
            let mut connections: Vec<_> = (0..callers / threads).map(|_| connect()).collect();
            ready.wait();
            let figures = run(&mut connections, size, time);
            // A thread that has ended takes its CPU time along.
            done.wait();
            done.wait();
            figures
        })
    };
    let threads: Vec<_> = (0..threads).map(start).collect();
    ready.wait();
    let before = cpu();
    done.wait();
    let cpu = (cpu() - before) as f64;
    done.wait();
    let figures: Vec<(usize, f64)> = threads.into_iter().map(|it| it.join().expect("a thread")).collect();
    let calls: usize = figures.iter().map(|(calls, _)| calls).sum();
    let rate = figures.iter().map(|(calls, seconds)| *calls as f64 / seconds).sum();
    Figures { calls: rate, cpu: cpu / calls as f64 / 1000.0, p50: f64::NAN, p99: f64::NAN }
}

/// Both ends of a connection.
fn connect() -> [TcpStream; 2] {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("connects");
    let (server, _) = listener.accept().expect("a peer");
    for end in [&client, &server] {
        end.set_nodelay(true).expect("a socket");
    }
    [client, server]
}

/// Calls on all connections, and the seconds that they took.
fn run(connections: &mut [[TcpStream; 2]], size: usize, time: Duration) -> (usize, f64) {
    let message = vec![1; size];
    let mut read = vec![0; size];
    let (begin, mut calls) = (Instant::now(), 0);
    while begin.elapsed() < time {
        for [client, _] in &mut *connections {
            client.write_all(&message).expect("writes");
        }
        for [_, server] in &mut *connections {
            server.read_exact(&mut read).expect("reads");
            server.write_all(&message).expect("writes");
        }
        for [client, _] in &mut *connections {
            client.read_exact(&mut read).expect("reads");
        }
        calls += connections.len();
    }
    (calls, begin.elapsed().as_secs_f64())
}
