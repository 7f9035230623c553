//! Settings of a command that uses a registry: its flag, else those of the folder that it runs in.

use std::time::Duration;

use runtime::{Config, Registry};

use super::{listed, missing};

/// The settings of `service.toml` and the environment, with the flag `--registry` in front of both.
pub(in crate::cli) struct Settings {
    pub(in crate::cli) config: Config,
    url: String,
}

impl Settings {
    /// # Errors
    ///
    /// For a `service.toml` or a variable that cannot be read.
    pub(in crate::cli) fn load(registry: Option<&String>) -> Result<Self, String> {
        let config = Config::from_env().map_err(|error| error.to_string())?;
        let url = registry.unwrap_or(&config.registry.url).clone();
        Ok(Self { config, url })
    }

    /// The registry. That of `dev` is joined and never served: who only looks is no host.
    ///
    /// # Errors
    ///
    /// For a URL that is none.
    pub(in crate::cli) fn registry(&self) -> Result<Registry, String> {
        open(&self.joined())
    }

    /// The registry in which a service is found in whatever layouts it stands there, where the URL says none.
    ///
    /// # Errors
    ///
    /// For a URL that is none, a registry that is away, a service that is not there.
    pub(in crate::cli) async fn registry_of(&self, service: &str, limit: Duration) -> Result<Registry, String> {
        let url = self.joined();
        let registry = open(&url)?;
        if !url.starts_with("etcd") || url.contains("layout=") || url.contains("prefix=") {
            return Ok(registry);
        }
        let listing = listed(&registry, limit, Some(service)).await?;
        // Three of the layouts have one prefix, and a registry reads it in one of them.
        let bare = ["go-kit", "grpc", "go-zero"];
        let mut layouts: Vec<&str> = Vec::new();
        for layout in listing.entries.iter().filter(|it| it.found.is_ok()).map(|it| it.layout.as_str()) {
            let taken = layouts.iter().any(|it| *it == layout || bare.contains(it) && bare.contains(&layout));
            if !taken {
                layouts.push(layout);
            }
        }
        if layouts.is_empty() {
            return Err(missing(&registry, limit, service).await);
        }
        let mark = if url.contains('?') { '&' } else { '?' };
        open(&format!("{url}{mark}layout={}", layouts.join(",")))
    }

    fn joined(&self) -> String {
        match self.url.strip_prefix("dev") {
            Some("") => format!("etcd://{}", runtime::registry::dev::ADDRESS),
            Some(rest) if rest.starts_with("://") => format!("etcd{rest}"),
            _ => self.url.clone(),
        }
    }
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
