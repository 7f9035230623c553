//! Parses the URLs of etcd: `etcd://[user:password@]h1:2379[,h2:2379][?layout=…&prefix=…&ttl=…]`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::layout;
use crate::password::Password;
use crate::schemes::{PASSWORD, PASSWORD_FILE};
use crate::url::{Url, UrlError, decode};

const KEYS: [&str; 8] = ["layout", "prefix", "ttl", "user", "ca", "cert", "key", "server_name"];
/// Those of `etcds://` alone.
const TLS_KEYS: [&str; 4] = ["ca", "cert", "key", "server_name"];
/// Said of a `prefix=` beside several layouts.
const PREFIX: &str =
    "prefix= goes with one layout; with several write each one's behind it: layout=kitex:PREFIX,kratos";
/// The smallest lease that etcd grants is 2 s.
const TTL: std::ops::RangeInclusive<u64> = 2..=3600;
/// The files of TLS that `etcds://` names. All files are PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The file of the certificates that are trusted.
    pub ca: PathBuf,
    /// Our own certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name in the members' certificates; their host when `None`.
    pub server_name: Option<String>,
}

/// How a registry in etcd is reached, and what stands there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EtcdUrl {
    /// `host:port`, at least one.
    pub members: Vec<String>,
    /// The names of layouts, each once, at least one; each with its prefix, which may be empty: the
    /// system's own when `None`.
    pub layouts: Vec<(String, Option<String>)>,
    /// The lease's time to live.
    pub ttl: Duration,
    /// User name and password.
    pub user: Option<(String, Password)>,
    /// For `etcds://`.
    pub tls: Option<Box<TlsFiles>>,
    /// The process whose registry this is: 0 for this process, another number for one that it stands for.
    pub process: u64,
}

impl fmt::Debug for EtcdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdUrl")
            .field("members", &self.members)
            .field("layouts", &self.layouts)
            .field("ttl", &self.ttl)
            .field("user", &self.user.as_ref().map(|(name, _)| name))
            .field("tls", &self.tls)
            .finish()
    }
}

impl EtcdUrl {
    /// Reads `etcd:` and `etcds:`.
    pub(super) fn read(url: &Url<'_>) -> Result<Self, Box<UrlError>> {
        let over_tls = url.scheme() == "etcds";
        if over_tls && cfg!(not(feature = "tls")) {
            return Err(url.error(url.scheme(), "this build has no TLS; add the feature `tls` of `runtime`"));
        }
        Text { url }.etcd(url.rest(), url.password(), over_tls.then(Box::default))
    }

    /// Reads `dev` and `dev://host:port[?…]`: one place of this machine, without a user.
    #[cfg(feature = "dev")]
    pub(crate) fn read_dev(url: &Url<'_>) -> Result<Self, Box<UrlError>> {
        let text = Text { url };
        if url.rest().is_empty() && !url.is_explicit() {
            return text.etcd(crate::dev::ADDRESS, None, None);
        }
        let read = text.etcd(url.rest(), Some(&Password::from("")), None)?;
        let host = url.rest().split('?').next().unwrap_or(url.rest());
        let loopback = |one: &String| one.parse::<std::net::SocketAddr>().is_ok_and(|at| at.ip().is_loopback());
        match read.members.as_slice() {
            [one] if loopback(one) && read.user.is_none() => Ok(read),
            _ => text.fail(host, "write one address of this machine, such as 127.0.0.1:2379, and no user"),
        }
    }
}

/// The parts of a URL; each is a slice of it.
#[derive(Clone, Copy)]
struct Text<'a> {
    url: &'a Url<'a>,
}

impl<'a> Text<'a> {
    fn fail<T>(&self, part: &str, why: impl Into<String>) -> Result<T, Box<UrlError>> {
        Err(self.url.error(part, why))
    }

    fn etcd(
        &self,
        rest: &'a str,
        secret: Option<&Password>,
        tls: Option<Box<TlsFiles>>,
    ) -> Result<EtcdUrl, Box<UrlError>> {
        let (head, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, hosts) = match head.rfind('@') {
            Some(at) => (head.get(..at), head.get(at + 1..).unwrap_or_default()),
            None => (None, head),
        };
        let hosts = hosts.strip_suffix('/').unwrap_or(hosts);
        let members = hosts.split(',').map(|one| self.member(one)).collect::<Result<Vec<_>, _>>()?;
        let mut url = EtcdUrl {
            members,
            layouts: Vec::new(),
            ttl: Duration::from_secs(15),
            user: None,
            tls,
            process: self.url.process(),
        };
        let mut user = login.map(|login| decode(login.split(':').next().unwrap_or(login)));
        let (mut layout, mut prefix) = ("kitex", None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("layout", value)) => layout = value,
                Some(("prefix", value)) => prefix = Some(value),
                _ => self.option(pair, &mut url, &mut user)?,
            }
        }
        self.whole(rest, query, url.tls.as_deref())?;
        url.layouts = self.layouts(layout, prefix)?;
        url.user = match (user, secret) {
            (None, _) => None,
            (Some(user), Some(secret)) => Some((user, secret.clone())),
            (Some(user), None) => {
                return self.fail(
                    login.unwrap_or(query),
                    format!("user `{user}` has no password; set {PASSWORD} or {PASSWORD_FILE}"),
                );
            }
        };
        Ok(url)
    }

    fn member(&self, one: &str) -> Result<String, Box<UrlError>> {
        if one.is_empty() {
            return self.fail(one, "write at least one etcd address, such as 127.0.0.1:2379");
        }
        self.url.address(one).map(|endpoint| endpoint.address())
    }

    fn option(&self, pair: &'a str, url: &mut EtcdUrl, user: &mut Option<String>) -> Result<(), Box<UrlError>> {
        let (key, value) = pair.split_once('=').unwrap_or((pair, pair.get(pair.len()..).unwrap_or_default()));
        match key {
            "layout" | "prefix" => return self.fail(key, format!("write {key}=…")),
            "ttl" => url.ttl = self.ttl(value)?,
            "user" if !value.is_empty() => *user = Some(decode(value)),
            "user" => return self.fail(key, "write user=name"),
            _ if TLS_KEYS.contains(&key) => self.tls_option(key, value, url.tls.as_deref_mut())?,
            _ => {
                return Err(self.url.unknown("key", key, &KEYS));
            }
        }
        Ok(())
    }

    fn tls_option(&self, key: &'a str, value: &str, tls: Option<&mut TlsFiles>) -> Result<(), Box<UrlError>> {
        let Some(tls) = tls else {
            return self.fail(key, "this is about TLS, and etcd:// has none; write etcds://");
        };
        if value.is_empty() {
            let what = if key == "server_name" { "name" } else { "file" };
            return self.fail(key, format!("write {key}={what}"));
        }
        match key {
            "ca" => tls.ca = decode(value).into(),
            "server_name" => tls.server_name = Some(decode(value)),
            // The other file of the pair stays as it is.
            "cert" => tls.identity.get_or_insert_default().0 = decode(value).into(),
            _ => tls.identity.get_or_insert_default().1 = decode(value).into(),
        }
        Ok(())
    }

    /// What TLS needs together.
    fn whole(&self, rest: &str, query: &str, tls: Option<&TlsFiles>) -> Result<(), Box<UrlError>> {
        let Some(tls) = tls else { return Ok(()) };
        if tls.ca.as_os_str().is_empty() {
            return self
                .fail(rest, "say whom to trust: ca=file.pem (the system's are in /etc/ssl/certs/ca-certificates.crt)");
        }
        match &tls.identity {
            Some((cert, _)) if cert.as_os_str().is_empty() => self.fail(query, "`key` needs `cert` beside it"),
            Some((_, key)) if key.as_os_str().is_empty() => self.fail(query, "`cert` needs `key` beside it"),
            _ => Ok(()),
        }
    }

    /// `kitex,grpc:naming`: layouts, each with a prefix of its own or without; `prefix` goes with one.
    fn layouts(&self, list: &'a str, prefix: Option<&'a str>) -> Result<Vec<(String, Option<String>)>, Box<UrlError>> {
        if let Some(prefix) = prefix.filter(|_| list.contains([',', ':'])) {
            return self.fail(prefix, PREFIX);
        }
        let mut found: Vec<(String, Option<String>)> = Vec::new();
        let mut roots: Vec<String> = Vec::new();
        for one in list.split(',') {
            let (name, own) = one.split_once(':').map_or((one, None), |(name, own)| (name, Some(own)));
            self.layout(name)?;
            if found.iter().any(|(known, _)| known == name) {
                return self.fail(one, format!("layout `{name}` stands here twice"));
            }
            let own = own.or(prefix).map(decode);
            // Two layouts under one prefix would read each other's entries, or even write them.
            let root = layout::open(name, own.as_deref()).prefix("add");
            if let Some((other, _)) = roots.iter().position(|known| *known == root).and_then(|at| found.get(at)) {
                let why = format!(
                    "{other} and {name} would both keep their keys under {root}; give one a prefix: {name}:PREFIX"
                );
                return self.fail(one, why);
            }
            roots.push(root);
            found.push((name.to_owned(), own));
        }
        Ok(found)
    }

    fn layout(&self, name: &str) -> Result<(), Box<UrlError>> {
        let known: Vec<&str> = layout::LAYOUTS.iter().map(|layout| layout.0).collect();
        if known.contains(&name) { Ok(()) } else { Err(self.url.unknown("layout", name, &known)) }
    }

    fn ttl(&self, value: &str) -> Result<Duration, Box<UrlError>> {
        match value.parse::<u64>() {
            Ok(seconds) if TTL.contains(&seconds) => Ok(Duration::from_secs(seconds)),
            _ => self.fail(value, format!("write whole seconds from {} to {}", TTL.start(), TTL.end())),
        }
    }
}
