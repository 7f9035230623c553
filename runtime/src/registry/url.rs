//! The one table of registry URLs. It owns their grammar and the errors that show the place;
//! it opens nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

pub(crate) use super::credentials::{Password, TlsFiles};
use super::instance::Endpoint;

const KINDS: &str = "etcd://host:2379, etcds://host:2379, dev, static:name=host:port, memory or none";
const KEYS: [&str; 8] = ["layout", "prefix", "ttl", "user", "ca", "cert", "key", "server_name"];
/// Those of `etcds://` alone.
const TLS_KEYS: [&str; 4] = ["ca", "cert", "key", "server_name"];
/// Said of a `prefix=` beside several layouts.
const PREFIX: &str =
    "prefix= goes with one layout; with several write each one's behind it: layout=kitex:PREFIX,kratos";
/// The smallest lease that etcd grants is 2 s.
const TTL: std::ops::RangeInclusive<u64> = 2..=3600;
/// Where the registry `dev` is.
const DEV: &str = "127.0.0.1:2379";
/// Where an etcd password is looked for when the URL has a user and no password.
pub(crate) const PASSWORD: &str = "KITELINE_ETCD_PASSWORD";
/// A file that holds the password, looked for after [`PASSWORD`].
pub(crate) const PASSWORD_FILE: &str = "KITELINE_ETCD_PASSWORD_FILE";

/// A registry URL that cannot be used. Its text shows the URL, password left out, with a caret
/// under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlError {
    shown: String,
    at: Range<usize>,
    why: String,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.shown.get(..self.at.start).map_or(0, |text| text.chars().count());
        let width = self.shown.get(self.at.clone()).map_or(1, |text| text.chars().count()).max(1);
        writeln!(f, "this registry URL cannot be used")?;
        writeln!(f, "  {}", self.shown)?;
        write!(f, "  {}{} {}", " ".repeat(column), "^".repeat(width), self.why)
    }
}

impl std::error::Error for UrlError {}

/// What a registry URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Etcd(EtcdUrl),
    /// The embedded registry; one member, on loopback.
    Dev(EtcdUrl),
    Memory,
    None,
    Static(BTreeMap<String, Vec<Endpoint>>),
}

/// The etcd part of [`Target`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EtcdUrl {
    /// `host:port`, at least one.
    pub(crate) members: Vec<String>,
    /// The names of layouts, each once, at least one; each with its prefix, which may be empty: the
    /// system's own when `None`.
    pub(crate) layouts: Vec<(String, Option<String>)>,
    /// The lease's time to live.
    pub(crate) ttl: Duration,
    /// User name and password.
    pub(crate) user: Option<(String, Password)>,
    /// For `etcds://`.
    pub(crate) tls: Option<Box<TlsFiles>>,
    /// Whose registry this is: 0 for this process, another number for one that it stands for.
    pub(crate) process: u64,
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

/// Reads a registry URL; `password` is what the environment holds for etcd, if anything.
pub(crate) fn parse(url: &str, password: Option<&Password>) -> Result<Target, Box<UrlError>> {
    let (shown, secret) = hide(url);
    let text = Text { shown: &shown };
    match shown.as_str() {
        "memory" => return Ok(Target::Memory),
        "none" => return Ok(Target::None),
        "dev" => return text.etcd(DEV, None, None).map(Target::Dev),
        _ => {}
    }
    if let Some(rest) = shown.strip_prefix("static:") {
        return text.fixed(rest).map(Target::Static);
    }
    if let Some(rest) = shown.strip_prefix("etcd://") {
        return text.etcd(rest, secret.as_ref().or(password), None).map(Target::Etcd);
    }
    if let Some(rest) = shown.strip_prefix("dev://") {
        return text.dev(rest).map(Target::Dev);
    }
    let scheme = shown.split(':').next().unwrap_or(&shown);
    if let Some(rest) = shown.strip_prefix("etcds://") {
        if cfg!(not(feature = "tls")) {
            return text.fail(scheme, "this build has no TLS; add the feature `tls` of `runtime`");
        }
        let tls = Some(Box::default());
        return text.etcd(rest, secret.as_ref().or(password), tls).map(Target::Etcd);
    }
    text.fail(scheme, format!("a registry is one of {KINDS}"))
}

/// Takes the password out of `user:password@`, so that nothing later can show it.
fn hide(url: &str) -> (String, Option<Password>) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return (url.to_owned(), None);
    };
    // The last `@` before the query: a password may hold one itself.
    let end = rest.find('?').unwrap_or(rest.len());
    let (Some(at), true) = (rest.get(..end).and_then(|head| head.rfind('@')), rest.is_char_boundary(end)) else {
        return (url.to_owned(), None);
    };
    let (login, host) = rest.split_at(at);
    match login.split_once(':') {
        Some((user, password)) => (format!("{scheme}://{user}:***{host}"), Some(Password::Text(decode(password)))),
        None => (url.to_owned(), None),
    }
}

/// Undoes `%XX`; anything else stays as it is.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(value) if *byte == b'%' => {
                out.push(value);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The URL as it may be shown; every part that is parsed is a slice of it.
struct Text<'a> {
    shown: &'a str,
}

impl<'a> Text<'a> {
    /// An error at `part`, a slice of the URL.
    fn fail<T>(&self, part: &str, why: impl Into<String>) -> Result<T, Box<UrlError>> {
        let offset = (part.as_ptr() as usize).saturating_sub(self.shown.as_ptr() as usize);
        let start = offset.min(self.shown.len());
        let end = (start + part.len()).min(self.shown.len());
        Err(Box::new(UrlError { shown: self.shown.to_owned(), at: start..end, why: why.into() }))
    }

    fn fixed(&self, rest: &'a str) -> Result<BTreeMap<String, Vec<Endpoint>>, Box<UrlError>> {
        let mut services = BTreeMap::new();
        for part in rest.split(';') {
            let Some((name, addresses)) = part.split_once('=') else {
                return self.fail(part, "write name=host:port,host:port; separate services with `;`");
            };
            if let Err(why) = super::check_name(name) {
                return self.fail(name, format!("this service name {why}"));
            }
            let list = addresses.split(',').map(|one| self.address(one)).collect::<Result<Vec<_>, _>>()?;
            if services.insert(name.to_owned(), list).is_some() {
                return self.fail(name, "this service stands here twice");
            }
        }
        Ok(services)
    }

    fn address(&self, one: &str) -> Result<Endpoint, Box<UrlError>> {
        match Endpoint::parse(one) {
            Some(endpoint) => Ok(endpoint),
            None => self.fail(one, "write host:port, IPv6 as [::1]:port"),
        }
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
        let mut url =
            EtcdUrl { members, layouts: Vec::new(), ttl: Duration::from_secs(15), user: None, tls, process: 0 };
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

    /// `host:port[?…]`: one place of this machine, without a user.
    fn dev(&self, rest: &'a str) -> Result<EtcdUrl, Box<UrlError>> {
        let url = self.etcd(rest, Some(&Password::from("")), None)?;
        let host = rest.split('?').next().unwrap_or(rest);
        let loopback = |one: &String| one.parse::<std::net::SocketAddr>().is_ok_and(|at| at.ip().is_loopback());
        match url.members.as_slice() {
            [one] if loopback(one) && url.user.is_none() => Ok(url),
            _ => self.fail(host, "write one address of this machine, such as 127.0.0.1:2379, and no user"),
        }
    }

    fn member(&self, one: &str) -> Result<String, Box<UrlError>> {
        if one.is_empty() {
            return self.fail(one, "write at least one etcd address, such as 127.0.0.1:2379");
        }
        self.address(one).map(|endpoint| endpoint.address())
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
                let hint = nearest(key, &KEYS).map(|near| format!("; did you mean `{near}`?"));
                let hint = hint.unwrap_or_default();
                return self.fail(key, format!("unknown key, known are {}{hint}", KEYS.join(", ")));
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
            // What the other one of the two was is kept.
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
            let root = super::layout::open(name, own.as_deref()).prefix("add");
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

    fn layout(&self, name: &'a str) -> Result<(), Box<UrlError>> {
        let known = super::layout::NAMES;
        if known.contains(&name) {
            return Ok(());
        }
        let hint = nearest(name, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        self.fail(name, format!("unknown layout, known are {}{hint}", known.join(", ")))
    }

    fn ttl(&self, value: &str) -> Result<Duration, Box<UrlError>> {
        match value.parse::<u64>() {
            Ok(seconds) if TTL.contains(&seconds) => Ok(Duration::from_secs(seconds)),
            _ => self.fail(value, format!("write whole seconds from {} to {}", TTL.start(), TTL.end())),
        }
    }
}

/// The known word nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = word.len() / 3 + 1;
    known.iter().map(|one| (distance(word, one), *one)).filter(|(far, _)| *far <= allowed).min().map(|(_, one)| one)
}

/// Levenshtein's distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let cost = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(not(feature = "etcd"))]
impl UrlError {
    /// `etcd://` in a build without the feature.
    pub(crate) fn not_built(members: &[String]) -> Self {
        let shown = format!("etcd://{}", members.join(","));
        Self { shown, at: 0..4, why: "this build has no etcd; add the feature `etcd` of `runtime`".to_owned() }
    }
}

#[cfg(not(feature = "dev"))]
impl UrlError {
    /// `dev` in a build without the feature.
    pub(crate) fn without_dev() -> Self {
        let why = "this build has no embedded registry; add the feature `dev` of `runtime`";
        Self { shown: "dev".to_owned(), at: 0..3, why: why.to_owned() }
    }
}

/// A URL as it may be shown: its password, if it has one, is `***`.
pub(crate) fn without_password(url: &str) -> String {
    hide(url).0
}
