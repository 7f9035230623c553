//! One value for every limit. Nothing here is unlimited unless a person spelled that out.

use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What one decoder may use up for one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeLimits {
    /// Deepest nesting of structs and containers. Default 64, never above 64.
    #[serde(deserialize_with = "depth")]
    pub depth: u16,
    /// Bytes of memory that one message's values may take. Default 64 MiB.
    pub budget: usize,
    /// Bytes of one string or binary. Default 16 MiB.
    pub string: usize,
}

/// The deepest nesting that stacks are made for.
pub(crate) const DEPTH: u16 = 64;

fn depth<'de, D: Deserializer<'de>>(input: D) -> Result<u16, D::Error> {
    let depth = u16::deserialize(input)?;
    if depth > DEPTH {
        return Err(D::Error::custom(format!("a depth of {depth} is over {DEPTH}")));
    }
    Ok(depth)
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { depth: DEPTH, budget: 64 << 20, string: 16 << 20 }
    }
}

/// Every limit of a server. Times are in seconds in `service.toml` (`[limits]`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// What decoding one message may use up.
    pub decode: DecodeLimits,
    /// Bytes of one Thrift frame. Default 16 MiB, never above 256 MiB.
    pub frame: usize,
    /// Bytes of one gRPC message. Default 4 MiB.
    pub grpc_message: usize,
    /// HTTP/2 streams open at once on one connection. Default 100.
    pub grpc_streams: u32,
    /// Connections open at once. Default 10,000.
    pub connections: usize,
    /// Connections open at once from one address. Default 1,000.
    pub connections_per_address: usize,
    /// Calls in work at once; more are shed. Default 1,000 per core. The last quarter is for connections
    /// with less than an eighth of them in work, the last eighth for those with less than a 64th, and the
    /// last 16th for addresses with less than half.
    pub in_flight: usize,
    /// Bytes of requests in work at once in the whole process; more are shed. A Thrift frame over 64 KiB
    /// takes its whole length as soon as it has begun, or is refused at once; one that does not come
    /// (nothing for a second, or too slow for `whole_frame`) gives its room up to another one. Requests
    /// up to 1 MiB may go an eighth beyond while frames that have not all arrived hold the room. A gRPC
    /// message counts from when it is whole. Default 25 % of the cgroup's memory limit, else of the
    /// machine's memory.
    pub in_flight_bytes: usize,
    /// Until a new connection's first byte. Default 10 s.
    #[serde(with = "seconds")]
    pub first_byte: Duration,
    /// Until a frame that has begun is whole. Default 30 s; 5 s at most once the server drains.
    #[serde(with = "seconds")]
    pub whole_frame: Duration,
    /// Until a silent connection is closed. Default 5 min.
    #[serde(with = "seconds")]
    pub idle: Duration,
    /// Until a peer has taken what was written. Default 10 s.
    #[serde(with = "seconds")]
    pub write: Duration,
    /// Until a handler's work is given up. Default 30 s.
    #[serde(with = "seconds")]
    pub handler: Duration,
    /// Until calls in work are given up at shutdown. Default 30 s.
    #[serde(with = "seconds")]
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            decode: DecodeLimits::default(),
            frame: 16 << 20,
            grpc_message: 4 << 20,
            grpc_streams: 100,
            connections: 10_000,
            connections_per_address: 1_000,
            in_flight: 1_000 * cores,
            in_flight_bytes: crate::memory::available() / 4,
            first_byte: Duration::from_secs(10),
            whole_frame: Duration::from_secs(30),
            idle: Duration::from_secs(300),
            write: Duration::from_secs(10),
            handler: Duration::from_secs(30),
            drain: Duration::from_secs(30),
        }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "limits: frame {} MiB, gRPC message {} MiB, {} connections ({} an address), {} calls and {} MiB in work, handler {:?}",
            self.frame >> 20,
            self.grpc_message >> 20,
            self.connections,
            self.connections_per_address,
            self.in_flight,
            self.in_flight_bytes >> 20,
            self.handler,
        )
    }
}

/// Durations as seconds, fractions allowed.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, de::Error};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(input)?;
        Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)
    }
}
