//! The addresses of this machine's network interfaces, as Linux tells them under `/proc/net`. On
//! other systems nothing is known: then an address has to be named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// The kernel's tables, as text.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// `/proc/net/dev`: every interface.
    pub(super) dev: String,
    /// `/proc/net/route`: which IPv4 networks are behind which interface.
    pub(super) route: String,
    /// `/proc/net/fib_trie`: the IPv4 addresses that are this machine's own.
    pub(super) fib_trie: String,
    /// `/proc/net/if_inet6`: IPv6 addresses with their interfaces.
    pub(super) if_inet6: String,
}

impl Tables {
    /// Reads the tables; one that cannot be read is empty.
    pub(super) fn read() -> Self {
        let read = |name| std::fs::read_to_string(Path::new("/proc/net").join(name)).unwrap_or_default();
        Self { dev: read("dev"), route: read("route"), fib_trie: read("fib_trie"), if_inet6: read("if_inet6") }
    }

    /// The addresses of an interface, IPv4 before IPv6, none that only its own link knows; `None`
    /// when there is no such interface.
    pub(super) fn of(&self, name: &str) -> Option<Vec<IpAddr>> {
        let known = self.dev.lines().filter_map(|line| line.split_once(':')).any(|(one, _)| one.trim() == name);
        if !known {
            return None;
        }
        let networks: Vec<(u32, u32)> = self.networks(name);
        let inside = |ip: &Ipv4Addr| match name {
            // Its routes stand in no table that can be read here.
            "lo" => ip.is_loopback(),
            _ => networks.iter().any(|(network, mask)| u32::from(*ip) & mask == *network),
        };
        let v4 = self.own_v4().into_iter().filter(inside).map(IpAddr::V4);
        let v6 = self.own_v6().into_iter().filter(|(of, _)| *of == name).map(|(_, ip)| IpAddr::V6(ip));
        Some(v4.chain(v6).collect())
    }

    /// The first address of any interface that others may know.
    pub(super) fn first(&self) -> Option<IpAddr> {
        let v4 = self.own_v4().into_iter().map(IpAddr::V4);
        let v6 = self.own_v6().into_iter().map(|(_, ip)| IpAddr::V6(ip));
        v4.chain(v6).find(|ip| !ip.is_loopback())
    }

    /// Networks that are reached without a gateway, with their masks.
    fn networks(&self, name: &str) -> Vec<(u32, u32)> {
        let row = |line: &str| {
            let mut columns = line.split_whitespace();
            let of = columns.next()?;
            let (network, gateway) = (number(columns.next()?)?, number(columns.next()?)?);
            let mask = number(columns.nth(4)?)?;
            (of == name && gateway == 0 && mask != 0).then_some((network, mask))
        };
        self.route.lines().filter_map(row).collect()
    }

    fn own_v4(&self) -> Vec<Ipv4Addr> {
        let mut found = Vec::new();
        let mut last = None;
        for line in self.fib_trie.lines().map(str::trim) {
            if let Some(address) = line.strip_prefix("|-- ") {
                last = address.parse::<Ipv4Addr>().ok();
            } else if line == "/32 host LOCAL" {
                // Each stands in two tables.
                found.extend(last.take().filter(|ip| !found.contains(ip)));
            }
        }
        found
    }

    fn own_v6(&self) -> Vec<(&str, Ipv6Addr)> {
        fn row(line: &str) -> Option<(&str, Ipv6Addr)> {
            let mut columns = line.split_whitespace();
            let ip = Ipv6Addr::from(u128::from_str_radix(columns.next()?, 16).ok()?);
            let scope = columns.nth(2)?;
            let name = columns.nth(1)?;
            // Scope 20 is the link's.
            (scope != "20").then_some((name, ip))
        }
        self.if_inet6.lines().filter_map(row).collect()
    }
}

/// Eight hexadecimal digits of four bytes in the order of the network, as a number.
fn number(hex: &str) -> Option<u32> {
    u32::from_str_radix(hex, 16).ok().map(|raw| u32::from_be_bytes(raw.to_ne_bytes()))
}
