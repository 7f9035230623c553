//! Settings of a command that uses a registry: its flag, else those of the folder that it runs in.

use std::time::Duration;

use clap::ArgMatches;
use runtime::registry::Listed;
use runtime::{Config, Registry};

use super::{apply, listed, missing};

/// The layouts whose keys begin with a service's name: a look at one of them may take it for another.
const BARE: [&str; 3] = ["go-kit", "grpc", "go-zero"];

/// The settings of `service.toml` and the environment, with the flags `--registry` and those of TLS in front of both.
pub(in crate::cli) struct Settings {
    pub(in crate::cli) config: Config,
    /// Whether flags ask for TLS.
    pub(in crate::cli) tls: bool,
    url: String,
}

impl Settings {
    /// # Errors
    ///
    /// For a `service.toml` or a variable that cannot be read.
    pub(in crate::cli) fn load(matches: &ArgMatches) -> Result<Self, String> {
        let mut config = Config::from_env().map_err(|error| error.to_string())?;
        let url = matches.get_one("registry").unwrap_or(&config.registry.url).clone();
        let tls = apply(matches, &mut config.client);
        Ok(Self { config, tls, url })
    }

    /// The registry. That of `dev` is joined and never served: who only looks is no host.
    ///
    /// # Errors
    ///
    /// For a URL that is none.
    pub(in crate::cli) fn registry(&self) -> Result<Registry, String> {
        open(&self.joined())
    }

    /// The registry in which a service is found in whatever layouts it stands there, where the URL says none; and its
    /// entries. `flag` names another service.
    ///
    /// # Errors
    ///
    /// For a URL that is none, a registry that is away, a service that is not there, or not in the layouts of the URL.
    pub(in crate::cli) async fn registry_of(
        &self,
        service: &str,
        limit: Duration,
        flag: &str,
    ) -> Result<(Registry, Vec<Listed>), String> {
        let url = self.joined();
        let registry = open(&url)?;
        let says = says(&url);
        let listing = listed(&registry, limit, Some(service)).await;
        if !url.starts_with("etcd") || says.is_some() && listing.is_err() {
            return Ok((registry, listing.unwrap_or_default().entries));
        }
        let entries = listing?.entries;
        let layouts = layouts(&entries);
        if layouts.is_empty() {
            return Err(missing(&registry, limit, service, flag).await);
        }
        let Some(said) = says else {
            let mark = if url.contains('?') { '&' } else { '?' };
            let registry = open(&format!("{url}{mark}layout={}", layouts.join(",")))?;
            return Ok((registry, entries));
        };
        let has = |it: &&str| said.contains(it) || BARE.contains(it) && said.iter().any(|said| BARE.contains(said));
        if said.is_empty() || layouts.iter().any(has) {
            return Ok((registry, entries));
        }
        let (there, said) = (layouts.join(","), said.join(","));
        Err(format!(
            "`{service}` is registered in {registry} in the layout {there}, not {said}: write layout={there}, or none"
        ))
    }

    fn joined(&self) -> String {
        match self.url.strip_prefix("dev") {
            Some("") => format!("etcd://{}", runtime::registry::dev::ADDRESS),
            Some(rest) if rest.starts_with("://") => format!("etcd{rest}"),
            _ => self.url.clone(),
        }
    }
}

/// The layouts that a URL names; none where it names a prefix alone. `None` where it leaves them open.
fn says(url: &str) -> Option<Vec<&str>> {
    let (_, query) = url.split_once('?')?;
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let named = pairs.iter().find(|(name, _)| *name == "layout");
    match named {
        Some((_, list)) => Some(list.split(',').map(|it| it.split(':').next().unwrap_or(it)).collect()),
        None => pairs.iter().any(|(name, _)| *name == "prefix").then(Vec::new),
    }
}

/// The layouts of entries that can be read. Three of them have one prefix, and a registry reads it in one of them.
fn layouts(entries: &[Listed]) -> Vec<&str> {
    let mut layouts: Vec<&str> = Vec::new();
    for layout in entries.iter().filter(|it| it.found.is_ok()).map(|it| it.layout.as_str()) {
        if !layouts.iter().any(|it| *it == layout || BARE.contains(it) && BARE.contains(&layout)) {
            layouts.push(layout);
        }
    }
    layouts
}

fn open(url: &str) -> Result<Registry, String> {
    Registry::open(url).map_err(|error| error.to_string())
}

/// The time that a flag says: `3s`, `200ms`, `2m`, or seconds.
///
/// # Errors
///
/// For what is none.
pub(in crate::cli) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time: write 3s, 200ms or 2m");
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let unit = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (number, seconds) = unit.unwrap_or((text, &1.0));
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    if time.is_zero() { Err(wrong()) } else { Ok(time) }
}
