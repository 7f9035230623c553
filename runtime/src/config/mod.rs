//! Settings of a program: `service.toml`, then environment, then flags. Owns the
//! names of all settings and their defaults; opens no socket and no registry.

mod advertise;
mod error;
mod interfaces;
mod load;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use kiteline_core::cors::Cors;
use kiteline_core::limits::{Limits, seconds};
pub use kiteline_core::methods::{MethodSettings, Methods};
use kiteline_registry::Endpoint;
use kiteline_tls::ServerTls;

pub use error::Error;
pub use kiteline_client::ClientConfig;

/// Every setting of a program. Unknown keys are errors; `[app]` is the user's own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[server]`.
    pub server: ServerConfig,
    /// `[registry]`.
    pub registry: RegistryConfig,
    /// `[limits]`.
    pub limits: Limits,
    /// `[names]`: names in the registry by service of the IDL, such as `AddService = "add2"` or
    /// `"a.v1.Greeter" = "hello"`. A key that is not a service of the server is an error at its start.
    pub names: BTreeMap<String, String>,
    /// `[client]`.
    pub client: ClientConfig,
    /// `[methods]`: settings of single methods, for the server; channels have those of [`ClientConfig::methods`], which a file
    /// sets too. A method that a service of the server does not have is an error at its start.
    pub methods: Methods,
    /// `[app]`: the user's own table.
    pub app: toml::Table,
    /// The source of the settings, in one line for people.
    #[serde(skip)]
    pub source: String,
}

/// `[server]`: where it listens and what others are told.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// `host:port` to listen on; port 0 lets the kernel choose. Default `127.0.0.1:8888`.
    #[serde(deserialize_with = "listen")]
    pub listen: String,
    /// The address that others dial: `host`, `host:port`, or the name of a network interface (`eth0`, `eth0:8888`;
    /// Linux alone), whose first address is meant. Default: the address that others can reach.
    pub advertise: Option<String>,
    /// Between deregistering and the end of accepting; seconds in the file. Default 6 s, because
    /// Kitex's clients ask every 5 s, and 0 with the registries `dev` and `memory`. Not waited for
    /// when nothing is registered.
    #[serde(deserialize_with = "optional_seconds")]
    pub propagation: Option<Duration>,
    /// Whether services say in the registry that they answer out of order, so that our clients
    /// share connections, proto services' too for calls of one message each way. Others read over it. Default true; without it the entry is, byte
    /// by byte, what Kitex writes.
    pub mux: bool,
    /// Whether a server describes its proto services to tools such as grpcurl. Default true.
    pub reflection: bool,
    /// Whether each request is checked by the validation rules of its IDL before the handler gets it. Default true.
    pub validate: bool,
    /// `[server.tls]`: the server speaks TLS, and nothing else. Paths are relative to the file. Default: plain text.
    pub tls: Option<ServerTls>,
    /// `[server.http]`: how routes of HTTP answer, and which pages there are.
    pub http: HttpConfig,
    /// `[server.cors]`: which web pages may call proto services. Default: those of the server's own origin.
    pub cors: Option<Cors>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8888".to_owned(),
            advertise: None,
            propagation: None,
            mux: true,
            reflection: true,
            validate: true,
            tls: None,
            http: HttpConfig::default(),
            cors: None,
        }
    }
}

/// `[server.http]`: how routes of HTTP answer, and which pages there are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Whether every answer is `{"code": 0, "message": "ok", "data": <the message>}`, and every error such an object with
    /// its code and without data; a business error has the HTTP status 200 then. Default: messages as they are, errors as
    /// Kratos writes them.
    pub envelope: bool,
    /// Whether there are the pages `/healthz` and `/readyz`, for probes such as Kubernetes', where no route has their path.
    /// Default true, in builds with gRPC.
    pub health: bool,
    /// Whether there is the page `/openapi.json`, where the generated code holds that document (the generator's option `openapi`)
    /// and no route has the path. Default true.
    pub openapi: bool,
    /// Whether there is the page `/metrics`, for Prometheus; see `runtime::Metrics`. Default false.
    pub metrics: bool,
    /// `host:port` for `/metrics`, `/healthz` and `/readyz` on a port of their own, in plain text; `/metrics` is on that port
    /// alone then. Default: the port of the services.
    #[serde(deserialize_with = "optional_listen")]
    pub metrics_listen: Option<String>,
    /// `host:port` of a port for HTTP alone (routes, Connect, gRPC-Web, gRPC) and pages. The registry tells others that port
    /// for routes; the services' port answers them, too. Default: that port alone.
    #[serde(deserialize_with = "optional_listen")]
    pub listen: Option<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { envelope: false, health: true, openapi: true, metrics: false, metrics_listen: None, listen: None }
    }
}

/// `[registry]`: where services are found.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistryConfig {
    /// The URL, as [`Registry::open`](crate::Registry::open) takes it. Default `etcd://127.0.0.1:2379`,
    /// and `none` in a build without etcd.
    pub url: String,
    /// Whether a server waits for its registration before it counts as started.
    pub start: Start,
    /// For how long it waits with [`Start::FailFast`]; seconds in the file. Default 10 s.
    #[serde(with = "seconds")]
    pub start_timeout: Duration,
    /// What tells the instances of a service apart, in the layouts that have ids (`kratos`, `go-micro`). Default: the address
    /// that others dial.
    pub id: Id,
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self {
            url: if cfg!(feature = "etcd") { "etcd://127.0.0.1:2379" } else { "none" }.to_owned(),
            start: Start::Background,
            start_timeout: Duration::from_secs(10),
            id: Id::Address,
        }
    }
}

/// The behaviour of a server whose registry does not take it at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// It serves, and registers as soon as the registry is there. The default.
    #[default]
    Background,
    /// It ends with an error when it is not registered within `start_timeout`.
    FailFast,
}

/// What tells the instances of a service apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Id {
    /// The address that others dial: a server that starts again takes its entry over. The default.
    #[default]
    Address,
    /// A random UUID for each start, as Kratos and go-micro have it.
    Random,
}

impl fmt::Debug for RegistryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryConfig")
            .field("url", &crate::registry::without_password(&self.url))
            .field("start", &self.start)
            .field("start_timeout", &self.start_timeout)
            .field("id", &self.id)
            .finish()
    }
}

impl Config {
    /// Reads the settings of this process from a file and the environment, and leaves the command
    /// line alone: the file of `KITELINE_CONFIG`, else `./service.toml`, else, where cargo runs the
    /// program, the `service.toml` beside its manifest, else defaults; then `KITELINE_LISTEN`,
    /// `KITELINE_ADVERTISE`, `KITELINE_REGISTRY`, `KITELINE_START`, `KITELINE_START_TIMEOUT`, `KITELINE_TLS_CERT`,
    /// `KITELINE_TLS_KEY` and `KITELINE_TLS_CLIENT_CA`.
    ///
    /// # Errors
    /// Unknown keys, values that do not fit (with file, line and a caret), a named file that is not
    /// there.
    pub fn from_env() -> Result<Self, Error> {
        load::load(load::Flags::default(), &|name| std::env::var(name).ok(), &|path| std::fs::read_to_string(path))
    }

    /// As [`Config::from_env`], and then the flags of the command line: `--config` (before
    /// `KITELINE_CONFIG`), `--listen`, `--advertise` and `--registry`. For a program whose command
    /// line holds nothing else. `--help` and `--version` print to standard output and end the
    /// process with 0; `version` is what the latter says, such as `env!("CARGO_PKG_VERSION")`.
    ///
    /// # Errors
    /// As [`Config::from_env`], and for unknown flags.
    pub fn from_args(version: &str) -> Result<Self, Error> {
        let mut args = std::env::args();
        let program = load::program(args.next());
        match load::read(args, &program, version)? {
            load::Asked::Settings(flags) => {
                load::load(flags, &|name| std::env::var(name).ok(), &|path| std::fs::read_to_string(path))
            }
            load::Asked::Text(text) => {
                use std::io::Write;
                // Nobody reads it any more: there is nothing left to do either.
                let _ = writeln!(std::io::stdout(), "{text}");
                std::process::exit(0)
            }
        }
    }

    /// Reads one file, and neither environment nor command line.
    ///
    /// # Errors
    /// As [`Config::from_env`]; the file has to be there.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| Error::File {
            path: path.clone(),
            by: "the program",
            why: error.to_string(),
        })?;
        Self::from_toml(&text, &path)
    }

    /// Settings for tests: a free port of 127.0.0.1, registry `none`, no wait at the end.
    pub fn local() -> Self {
        let mut config = Self { source: "settings for tests".to_owned(), ..Self::default() };
        config.server.listen = "127.0.0.1:0".to_owned();
        config.server.propagation = Some(Duration::ZERO);
        config.registry.url = "none".to_owned();
        config
    }

    /// Reads the text of a `service.toml`; `name` is the file's name for messages.
    ///
    /// # Errors
    /// [`Error::Toml`] with file, line, a caret, and the nearest key for an unknown one.
    pub fn from_toml(text: &str, name: &str) -> Result<Self, Error> {
        let mut config: Self = toml::from_str(text).map_err(|error| Error::toml(name, text, &error))?;
        if let Some(folder) = Path::new(name).parent() {
            config.server.tls.iter_mut().for_each(|tls| tls.beside(folder));
            config.client.tls.iter_mut().for_each(|tls| tls.beside(folder));
        }
        config.client.methods = config.methods.clone();
        name.clone_into(&mut config.source);
        Ok(config)
    }

    /// The address that others dial to reach a listener that is bound to `bound`: the setting, else
    /// `KITEX_IP_TO_REGISTRY` and `KITEX_PORT_TO_REGISTRY`, else the bound address; for `0.0.0.0` and `::` `POD_IP`,
    /// else the address by which this machine reaches others, else its first one that is not a loopback address.
    ///
    /// # Errors
    /// [`Error::Advertise`] when a setting is not an address that others can dial.
    pub fn advertised(&self, bound: SocketAddr) -> Result<Endpoint, Error> {
        let env = |name: &str| std::env::var(name).ok();
        let interface = |name: &str| interfaces::Tables::read().of(name);
        advertise::advertise(bound, self.server.advertise.as_deref(), &env, &advertise::own_address, &interface)
    }
}

fn optional_seconds<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    seconds::deserialize(input).map(Some)
}

/// `host:port`, checked where the file can be shown.
fn listen<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let text = String::deserialize(input)?;
    check_listen(&text).map_err(serde::de::Error::custom)?;
    Ok(text)
}

fn optional_listen<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    listen(input).map(Some)
}

fn check_listen(text: &str) -> Result<(), String> {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    if host.is_empty() || bare_v6 || port.parse::<u16>().is_err() {
        return Err(format!("`{text}` is no place to listen on: write host:port, such as 127.0.0.1:8888 or [::]:8888"));
    }
    Ok(())
}
