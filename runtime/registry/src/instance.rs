//! One running instance of a service, independent of how any registry writes it down.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The weight of an instance that states none, as Kitex has it (`registry.DefaultWeight`).
pub const DEFAULT_WEIGHT: u32 = 10;

/// The scheme of any protocol over TLS.
const TLS: &str = "tls";
/// The scheme of any protocol in plain text, also where a channel has settings of TLS.
const PLAIN: &str = "plain";

/// The address at which one protocol of an instance is served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// `thrift`, `grpc`, `http`, `mucp`, …, and over TLS `thrifts`, `grpcs`, `https`; empty where the registry's layout knows
    /// none (Kitex states only `tcp`): such an endpoint fits any protocol. `tls` fits any over TLS.
    pub scheme: String,
    /// A host name or an address; IPv6 without brackets.
    pub host: String,
    /// The TCP port, 1 to 65535.
    pub port: u16,
}

impl Endpoint {
    /// The scheme of go-micro's default transport, calls by HTTP/1.1 with the method in a header: callers of gRPC use such an
    /// endpoint as it says.
    pub const MUCP: &str = "mucp";

    /// An endpoint of one protocol.
    pub fn new(scheme: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        Self { scheme: scheme.into(), host: host.into(), port }
    }

    /// Reads `host:port`. IPv6 is read with brackets and, as the Go side of Kitex writes it,
    /// without. `None` when a part is missing or not an address.
    ///
    /// ```
    /// use runtime::registry::Endpoint;
    /// assert_eq!(Endpoint::parse("::1:80").unwrap().address(), "[::1]:80");
    /// assert!(Endpoint::parse("127.0.0.1").is_none());
    /// ```
    pub fn parse(address: &str) -> Option<Self> {
        let (host, port) = address.rsplit_once(':')?;
        // `parse` would take a sign.
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| digits && *port != 0)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(host) => host.parse::<Ipv6Addr>().ok().map(|_| host)?,
            None if host.contains(':') => host.parse::<Ipv6Addr>().ok().map(|_| host)?,
            None => host,
        };
        let clean = !host.is_empty() && !host.contains(['/', '[', ']', '@', ' ']);
        clean.then(|| Self::new("", host, port))
    }

    /// Reads `host:port`, with a scheme in front or not. `https` and `tls` stand for TLS with any protocol, `http` and
    /// `plain` for any in plain text, whatever the caller's settings of TLS are; `grpc`, `grpcs`, `thrift`, `thrifts` and `mucp` for the one.
    ///
    /// ```
    /// use runtime::registry::Endpoint;
    /// let endpoint = Endpoint::parse_url("https://orders.internal:8888").unwrap();
    /// assert!(endpoint.is_secure() && endpoint.fits("grpc") && endpoint.fits("thrift"));
    /// assert!(Endpoint::parse_url("ftp://orders.internal:8888").is_none());
    /// ```
    pub fn parse_url(text: &str) -> Option<Self> {
        let Some((scheme, address)) = text.split_once("://") else { return Self::parse(text) };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" | TLS => TLS,
            "http" | PLAIN => PLAIN,
            "grpc" => "grpc",
            "grpcs" => "grpcs",
            "thrift" => "thrift",
            "thrifts" => "thrifts",
            Self::MUCP => Self::MUCP,
            _ => return None,
        };
        let endpoint = Self::parse(address.strip_suffix('/').unwrap_or(address))?;
        Some(Self { scheme: scheme.to_owned(), ..endpoint })
    }

    /// `host:port` as a connector takes it: IPv6 in brackets.
    pub fn address(&self) -> String {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(_)) => format!("[{}]:{}", self.host, self.port),
            _ => format!("{}:{}", self.host, self.port),
        }
    }

    /// Whether a caller of the protocol `scheme` may use this endpoint.
    pub fn fits(&self, scheme: &str) -> bool {
        let own = self.scheme.as_str();
        let micro = own == Self::MUCP && scheme == "grpc";
        own.is_empty()
            || matches!(own, TLS | PLAIN)
            || own == scheme
            || micro
            || self.is_secure() && own.strip_suffix('s') == Some(scheme)
    }

    /// Whether its scheme asks for TLS.
    pub fn is_secure(&self) -> bool {
        matches!(self.scheme.as_str(), TLS | "grpcs" | "https" | "thrifts")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme.as_str() {
            "" => f.write_str(&self.address()),
            scheme => write!(f, "{scheme}://{}", self.address()),
        }
    }
}

/// One running instance of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The service's name in the registry: not empty, without `/`.
    pub service: String,
    /// The id that tells instances of one service apart; the address where a layout has nothing better.
    pub id: String,
    /// The endpoints, one entry per protocol.
    pub endpoints: Vec<Endpoint>,
    /// The share of calls that it should get beside its neighbours; never 0.
    pub weight: u32,
    /// The version of the program; empty when unknown.
    pub version: String,
    /// The application's own pairs (Kitex: tags).
    pub metadata: BTreeMap<String, String>,
    /// The zone, for callers that prefer what is near; empty when unknown.
    pub zone: String,
    /// Whether it answers the calls of one connection out of order, so that callers may share
    /// connections (Kitex's multiplexing). How a registry spells it is its layout's business.
    pub out_of_order: bool,
}

impl Instance {
    /// An instance of `service` with one endpoint; its address is its id, its weight 10.
    pub fn new(service: impl Into<String>, endpoint: Endpoint) -> Self {
        Self {
            service: service.into(),
            id: endpoint.address(),
            endpoints: vec![endpoint],
            weight: DEFAULT_WEIGHT,
            version: String::new(),
            metadata: BTreeMap::new(),
            zone: String::new(),
            out_of_order: false,
        }
    }

    /// Adds an endpoint of one more protocol.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Sets the weight; 0 becomes the default of 10.
    #[must_use]
    pub fn with_weight(mut self, weight: u32) -> Self {
        self.weight = if weight == 0 { DEFAULT_WEIGHT } else { weight };
        self
    }

    /// Adds a pair of metadata.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Says whether it answers out of order.
    #[must_use]
    pub fn with_out_of_order(mut self, out_of_order: bool) -> Self {
        self.out_of_order = out_of_order;
        self
    }

    /// The first endpoint that a caller of the protocol `scheme` may use.
    pub fn endpoint(&self, scheme: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.fits(scheme))
    }
}
