//! The address that others are told to dial.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::Error;
use super::interfaces::Tables;
use crate::registry::Endpoint;

const SETTING: &str = "`advertise`";
const IP: &str = "KITEX_IP_TO_REGISTRY";
const PORT: &str = "KITEX_PORT_TO_REGISTRY";
const POD: &str = "POD_IP";

/// See [`super::Config::advertised`]; `own` finds this machine's address, `interface` the addresses
/// of an interface, if there is one of that name.
pub(super) fn advertise(
    bound: SocketAddr,
    setting: Option<&str>,
    env: &dyn Fn(&str) -> Option<String>,
    own: &dyn Fn() -> Option<IpAddr>,
    interface: &dyn Fn(&str) -> Option<Vec<IpAddr>>,
) -> Result<Endpoint, Error> {
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    if let Some(text) = setting {
        let endpoint = host_and_port(SETTING, text, bound.port())?;
        let Some(addresses) = interface(&endpoint.host) else { return Ok(endpoint) };
        let first = addresses.first().map(|ip| Endpoint { host: ip.to_string(), ..endpoint.clone() });
        return first.ok_or_else(|| fail(SETTING, format!("interface `{}` has no address", endpoint.host)));
    }
    let port = match env(PORT) {
        Some(port) => {
            port.parse().ok().filter(|port| *port != 0).ok_or_else(|| fail(PORT, format!("`{port}` is not a port")))?
        }
        None => bound.port(),
    };
    if let Some(host) = env(IP) {
        return named(IP, &host, port);
    }
    if !bound.ip().is_unspecified() {
        return Ok(Endpoint::new("", bound.ip().to_string(), port));
    }
    if let Some(host) = env(POD) {
        return named(POD, &host, port);
    }
    // A machine without a way out has only itself to tell.
    let ip = own().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    Ok(Endpoint::new("", ip.to_string(), port))
}

fn fail(by: &'static str, why: String) -> Error {
    Error::Advertise { by, why }
}

/// `host:port`, or a host alone: then with the port that is listened on.
fn host_and_port(by: &'static str, text: &str, port: u16) -> Result<Endpoint, Error> {
    let bare_v6 = text.parse::<Ipv6Addr>().is_ok();
    match Endpoint::parse(text).filter(|_| !bare_v6) {
        Some(endpoint) => named(by, &endpoint.host, endpoint.port),
        None => named(by, text, port),
    }
}

fn named(by: &'static str, host: &str, port: u16) -> Result<Endpoint, Error> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let endpoint = Endpoint::new("", bare, port);
    if bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified()) {
        return Err(fail(by, format!("nobody can dial `{host}`; name the address that others reach")));
    }
    if Endpoint::parse(&endpoint.address()).is_none() {
        return Err(fail(by, format!("`{host}` is neither a host nor host:port")));
    }
    Ok(endpoint)
}

/// The address by which this machine reaches others. Connecting a UDP socket sends nothing: it
/// only asks the routing table. The targets are never routed (RFC 5737, RFC 3849).
///
/// A machine without a route has the first address of its interfaces that is not a loopback one.
pub(super) fn own_address() -> Option<IpAddr> {
    let v4 = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    let v6 = (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)));
    let routed = [v4, v6].into_iter().find_map(|(from, to)| {
        let socket = UdpSocket::bind((from, 0)).ok()?;
        socket.connect((to, 9)).ok()?;
        let ip = socket.local_addr().ok()?.ip();
        (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
    });
    routed.or_else(|| Tables::read().first())
}
