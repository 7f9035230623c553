//! Servers in processes of their own, and the CPU that they take.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::load;

/// A server, ended with this.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub at: SocketAddr,
}

impl Server {
    /// Starts a program that prints its address.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("an address");
        let at: SocketAddr = line.trim().parse().expect("an address");
        while std::net::TcpStream::connect(at).is_err() {
            std::thread::yield_now();
        }
        Self { child, at }
    }

    /// Nanoseconds on a CPU so far, of all its threads.
    pub fn cpu(&self) -> u64 {
        load::cpu_of(&self.child.id().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a client that prints its calls, and the nanoseconds of time and of CPU that they took. Gives calls a second, CPU
/// µs a call of both, and what of it was the server's.
pub fn counted(client: &mut Command, server: &Server) -> [f64; 3] {
    let before = server.cpu();
    let output = client.output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<f64> = text.split_whitespace().map(|figure| figure.parse().expect("a number")).collect();
    let [calls, wall, cpu] = figures[..] else { panic!("{text}") };
    // The client warms up for 0.4 s, which the server's CPU has in it.
    let server = (server.cpu() - before) as f64 * wall / (wall + 4e8);
    [calls / wall * 1e9, (cpu + server) / calls / 1000.0, server / calls / 1000.0]
}
