//! The order of sources: file, environment, flags. Pure but for the functions it is given.

use std::io;
use std::path::Path;

use super::{Config, Error, Start, check_listen};
use crate::limits::seconds;
use kiteline_core::words::nearest;
use kiteline_tls::{Pem, ServerTls};

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;
type Read<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

const FLAGS: [&str; 6] = ["--config", "--listen", "--advertise", "--registry", "--help", "--version"];

const HELP: &str = "\
Settings come from the file, then from the environment, then from these flags.

      --config FILE      service.toml in another place (KITELINE_CONFIG)
      --listen ADDRESS   host:port to listen on (KITELINE_LISTEN)
      --advertise HOST   what others dial: host, host:port or a network interface (KITELINE_ADVERTISE)
      --registry URL     etcd://host:2379, dev, memory, none or static:NAME=host:port (KITELINE_REGISTRY)
  -h, --help             this text
  -V, --version          the version

RUST_LOG says what is logged, such as info or warn,runtime=debug.";
const TLS: [&str; 3] = ["KITELINE_TLS_CERT", "KITELINE_TLS_KEY", "KITELINE_TLS_CLIENT_CA"];
const DEFAULT_FILE: &str = "service.toml";

/// The request of the command line.
pub(super) enum Asked {
    /// To run with these flags.
    Settings(Flags),
    /// To print this.
    Text(String),
}

/// The flags of a command line.
#[derive(Default)]
pub(super) struct Flags {
    config: Option<String>,
    listen: Option<String>,
    advertise: Option<String>,
    registry: Option<String>,
}

/// The name that a program was started by, without folder and ending.
pub(super) fn program(started_as: Option<String>) -> String {
    let name = started_as.as_deref().and_then(|path| Path::new(path).file_stem()?.to_str());
    name.unwrap_or("service").to_owned()
}

pub(super) fn load(flags: Flags, env: Env<'_>, read: Read<'_>) -> Result<Config, Error> {
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    let mut config = file(flags.config.as_deref(), &env, read)?;
    let mut from = Vec::new();
    let sources = [
        (["KITELINE_LISTEN", "--listen"], flags.listen),
        (["KITELINE_ADVERTISE", "--advertise"], flags.advertise),
        (["KITELINE_REGISTRY", "--registry"], flags.registry),
    ];
    for ([variable, flag], given) in sources {
        let (by, value) = match (given, env(variable)) {
            (Some(value), _) => (flag, value),
            (None, Some(value)) => (variable, value),
            (None, None) => continue,
        };
        from.push(by);
        set(&mut config, by, variable, value)?;
    }
    // These are for the environment alone: a command line is for what changes from run to run.
    for variable in ["KITELINE_START", "KITELINE_START_TIMEOUT"] {
        if let Some(value) = env(variable) {
            from.push(variable);
            set(&mut config, variable, variable, value)?;
        }
    }
    tls(&mut config, &env, &mut from)?;
    if !from.is_empty() {
        config.source = format!("{}, then {}", config.source, from.join(", "));
    }
    Ok(config)
}

/// `[server.tls]`; paths are relative to where the process is.
fn tls(config: &mut Config, env: Env<'_>, from: &mut Vec<&'static str>) -> Result<(), Error> {
    let [cert, key, client_ca] = TLS.map(|variable| env(variable).inspect(|_| from.push(variable)).map(Pem::from));
    let tls = match (&mut config.server.tls, cert, key) {
        (Some(tls), cert, key) => {
            tls.cert = cert.unwrap_or_else(|| tls.cert.clone());
            tls.key = key.unwrap_or_else(|| tls.key.clone());
            tls
        }
        (none, Some(cert), Some(key)) => none.insert(ServerTls::new(cert, key)),
        (None, None, None) if client_ca.is_none() => return Ok(()),
        (None, cert, key) => {
            let missing = [(cert, "KITELINE_TLS_CERT"), (key, "KITELINE_TLS_KEY")];
            let missing: Vec<_> =
                missing.into_iter().filter(|(given, _)| given.is_none()).map(|(_, name)| name).collect();
            let name = from.last().copied().unwrap_or("KITELINE_TLS_CERT");
            return Err(Error::Environment { name, why: format!("set {} too", missing.join(" and ")) });
        }
    };
    tls.client_ca = client_ca.or(tls.client_ca.take());
    Ok(())
}

fn set(config: &mut Config, by: &'static str, variable: &str, value: String) -> Result<(), Error> {
    let fail = |why| Err(Error::Environment { name: by, why });
    match variable {
        "KITELINE_LISTEN" => {
            check_listen(&value).or_else(fail)?;
            config.server.listen = value;
        }
        "KITELINE_ADVERTISE" => config.server.advertise = Some(value),
        "KITELINE_START" => {
            config.registry.start = match value.as_str() {
                "background" => Start::Background,
                "fail_fast" => Start::FailFast,
                _ => return fail(format!("`{value}` is none of background, fail_fast")),
            };
        }
        "KITELINE_START_TIMEOUT" => match seconds::parse(&value) {
            Some(timeout) => config.registry.start_timeout = timeout,
            None => return fail(format!("`{value}` is not a time: write seconds, such as 10 or 0.5, or 500ms")),
        },
        _ => config.registry.url = value,
    }
    Ok(())
}

fn file(flag: Option<&str>, env: Env<'_>, read: Read<'_>) -> Result<Config, Error> {
    let named = match (flag, env("KITELINE_CONFIG")) {
        (Some(path), _) => Some((path.to_owned(), "--config")),
        (None, Some(path)) => Some((path, "KITELINE_CONFIG")),
        (None, None) => None,
    };
    let places = match named {
        Some(named) => return from(&named.0, named.1, read)?.ok_or_else(|| missing(named.0, named.1)),
        // cargo tells the programs that it runs where their manifest is.
        None => [Some(DEFAULT_FILE.into()), env("CARGO_MANIFEST_DIR").map(|it| Path::new(&it).join(DEFAULT_FILE))],
    };
    for place in places.into_iter().flatten() {
        if let Some(config) = from(&place.display().to_string(), "default", read)? {
            return Ok(config);
        }
    }
    Ok(Config { source: format!("defaults (no {DEFAULT_FILE} here)"), ..Config::default() })
}

/// The settings of one file; `None` where there is none.
fn from(path: &str, by: &'static str, read: Read<'_>) -> Result<Option<Config>, Error> {
    match read(Path::new(path)) {
        Ok(text) => Config::from_toml(&text, path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::File { path: path.to_owned(), by, why: error.to_string() }),
    }
}

fn missing(path: String, by: &'static str) -> Error {
    Error::File { path, by, why: "there is no such file".to_owned() }
}

/// Reads a command line, without the program's own name.
pub(super) fn read(mut args: impl Iterator<Item = String>, program: &str, version: &str) -> Result<Asked, Error> {
    let mut flags = Flags::default();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-h" | "--help" => return Ok(Asked::Text(format!("Usage: {program} [FLAGS]\n\n{HELP}"))),
            "-V" | "--version" => return Ok(Asked::Text(format!("{program} {version}"))),
            _ => {}
        }
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        let place = match name.as_str() {
            "--config" => &mut flags.config,
            "--listen" => &mut flags.listen,
            "--advertise" => &mut flags.advertise,
            "--registry" => &mut flags.registry,
            _ => return Err(unknown(&name)),
        };
        let value = value.or_else(|| args.next()).filter(|value| !value.is_empty());
        if value.is_none() {
            return Err(Error::Flag(format!("{name} needs a value: {name} VALUE or {name}=VALUE")));
        }
        *place = value;
    }
    Ok(Asked::Settings(flags))
}

fn unknown(name: &str) -> Error {
    let hint = nearest(name, &FLAGS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Error::Flag(format!("unknown argument `{name}`, known are {}{hint}", FLAGS.join(", ")))
}
