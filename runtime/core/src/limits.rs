//! One value for every limit. Nothing here is unlimited unless a person spelled that out.

use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The limits of one decoder for one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeLimits {
    /// Deepest nesting of structs and containers. Default 64, never above 64.
    #[serde(deserialize_with = "depth")]
    pub depth: u16,
    /// Bytes of memory that one message's values may take. Default 64 MiB.
    pub budget: usize,
    /// Bytes of one string or binary. Default 16 MiB.
    pub string: u32,
    /// Whether JSON with a field that the message does not have is refused. Default: such fields are left out.
    pub refuse_unknown: bool,
    /// Whether the rules of the IDL are checked on each request. Default true; `[server] validate` sets it.
    #[serde(skip)]
    pub validate: bool,
}

/// The deepest nesting that stacks are made for.
pub const DEPTH: u16 = 64;

fn depth<'de, D: Deserializer<'de>>(input: D) -> Result<u16, D::Error> {
    let depth = u16::deserialize(input)?;
    if depth > DEPTH {
        return Err(D::Error::custom(format!("a depth of {depth} is over {DEPTH}")));
    }
    Ok(depth)
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { depth: DEPTH, budget: 64 << 20, string: 16 << 20, refuse_unknown: false, validate: true }
    }
}

/// Every limit of a server. In `service.toml` (`[limits]`) times are seconds, or texts with a unit
/// such as `"500ms"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The limits of decoding one message.
    pub decode: DecodeLimits,
    /// Bytes of one Thrift frame. Default 16 MiB, never above 256 MiB.
    #[serde(deserialize_with = "frame")]
    pub frame: usize,
    /// Bytes of one gRPC message. Default 4 MiB, never above 2 GiB - 1.
    #[serde(deserialize_with = "message")]
    pub grpc_message: usize,
    /// HTTP/2 streams open at once on one connection. Default 100.
    #[serde(deserialize_with = "some")]
    pub grpc_streams: u32,
    /// Connections open at once. Default 10,000.
    #[serde(deserialize_with = "some")]
    pub connections: usize,
    /// Connections open at once from one address. Default 1,000.
    #[serde(deserialize_with = "some")]
    pub connections_per_address: usize,
    /// Calls in work at once; more are shed. Default 1,000 per core. The last quarter is for connections
    /// with less than an eighth of them in work, the last eighth for those with less than a 64th, and the
    /// last 16th for addresses with less than half.
    #[serde(deserialize_with = "some")]
    pub in_flight: usize,
    /// Bytes of requests in work at once in the whole process; more are shed. A Thrift frame over 64 KiB
    /// takes its whole length as soon as it has begun, or is refused at once; one that does not come
    /// (nothing for a second, or too slow for `whole_frame`) gives its room up to another one. Requests
    /// up to 1 MiB may go an eighth beyond while frames that have not all arrived hold the room. A
    /// message over HTTP counts as such a frame, an answer over 4 KiB until it is taken. Default 25 % of
    /// the cgroup's memory limit, else of the machine's memory.
    #[serde(deserialize_with = "some")]
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
    /// Until a connection of HTTP is asked to end, so that callers spread anew: HTTP/2's GOAWAY, or `connection: close`. A
    /// tenth more or less, so that those of one moment do not end together. Default: never.
    #[serde(deserialize_with = "seconds::option")]
    pub connection_age: Option<Duration>,
    /// Until the calls that are open then are given up, and their connection with them. Default 30 s.
    #[serde(with = "seconds")]
    pub connection_age_grace: Duration,
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
            in_flight_bytes: crate::memory_limit::available() / 4,
            first_byte: Duration::from_secs(10),
            whole_frame: Duration::from_secs(30),
            idle: Duration::from_secs(300),
            connection_age: None,
            connection_age_grace: Duration::from_secs(30),
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

/// The largest frame that a limit may allow: 256 MiB.
const FRAME: usize = 256 << 20;

/// The largest proto message that a limit may allow: protobuf's own bound, 2 GiB - 1.
const MESSAGE: usize = i32::MAX as usize;

fn frame<'de, D: Deserializer<'de>>(input: D) -> Result<usize, D::Error> {
    at_most(input, FRAME, "a frame")
}

fn message<'de, D: Deserializer<'de>>(input: D) -> Result<usize, D::Error> {
    at_most(input, MESSAGE, "a message")
}

fn at_most<'de, D: Deserializer<'de>>(input: D, most: usize, what: &str) -> Result<usize, D::Error> {
    let bytes = some::<D, usize>(input)?;
    if bytes > most {
        return Err(D::Error::custom(format!("{what} of {bytes} bytes is over the most that can be set, {most}")));
    }
    Ok(bytes)
}

/// A number that is not 0: with 0 nothing at all would be served.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default + PartialEq>(input: D) -> Result<T, D::Error> {
    let number = T::deserialize(input)?;
    if number == T::default() {
        return Err(D::Error::custom("0 would refuse everything"));
    }
    Ok(number)
}

/// Durations in settings: a number of seconds, fractions allowed, or a text with a unit (`"30s"`,
/// `"500ms"`, `"5m"`, `"1h"`).
pub mod seconds {
    use std::fmt;
    use std::time::Duration;

    use serde::Deserializer;
    use serde::de::{Error, Visitor};

    const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

    /// Reads a duration of a setting.
    ///
    /// # Errors
    ///
    /// For what is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        input.deserialize_any(Seconds)
    }

    /// Reads a duration of a setting that has none by default.
    ///
    /// # Errors
    ///
    /// For what is none.
    pub fn option<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
        deserialize(input).map(Some)
    }

    /// The duration that a text means; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Duration> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text[digits.len()..].trim();
        let factor = if unit.is_empty() { 1.0 } else { UNITS.iter().find(|(name, _)| *name == unit)?.1 };
        Duration::try_from_secs_f64(digits.trim().parse::<f64>().ok()? * factor).ok()
    }

    struct Seconds;

    impl Visitor<'_> for Seconds {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("seconds, such as 30 or 0.5, or a text with a unit, such as \"30s\", \"500ms\" or \"5m\"")
        }

        fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
            Duration::try_from_secs_f64(seconds).map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
            self.visit_f64(seconds as f64)
        }

        fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
            self.visit_f64(seconds as f64)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
            parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }
}
