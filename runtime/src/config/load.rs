//! The order of sources: file, environment, flags. Pure but for the functions it is given.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::{Config, Error, Start, check_listen};
use crate::registry::nearest;

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;
type Read<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

const FLAGS: [&str; 4] = ["--config", "--listen", "--advertise", "--registry"];
const DEFAULT_FILE: &str = "service.toml";

/// What the command line says.
#[derive(Default)]
struct Flags {
    config: Option<String>,
    listen: Option<String>,
    advertise: Option<String>,
    registry: Option<String>,
}

pub(super) fn load(args: impl Iterator<Item = String>, env: Env<'_>, read: Read<'_>) -> Result<Config, Error> {
    let flags = flags(args)?;
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
    if !from.is_empty() {
        config.source = format!("{}, then {}", config.source, from.join(", "));
    }
    Ok(config)
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
        "KITELINE_START_TIMEOUT" => match value.parse().map(Duration::try_from_secs_f64) {
            Ok(Ok(timeout)) => config.registry.start_timeout = timeout,
            _ => return fail(format!("`{value}` is no number of seconds")),
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
    let (path, by) = named.clone().unwrap_or_else(|| (DEFAULT_FILE.to_owned(), "default"));
    match read(Path::new(&path)) {
        Ok(text) => Config::from_toml(&text, &path),
        // The file of nobody's choice may be missing; a file that was named may not.
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
            Ok(Config { source: format!("defaults (no {DEFAULT_FILE} here)"), ..Config::default() })
        }
        Err(error) => Err(Error::File { path, by, why: error.to_string() }),
    }
}

fn flags(mut args: impl Iterator<Item = String>) -> Result<Flags, Error> {
    let mut flags = Flags::default();
    while let Some(arg) = args.next() {
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
    Ok(flags)
}

fn unknown(name: &str) -> Error {
    let hint = nearest(name, &FLAGS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Error::Flag(format!("unknown argument `{name}`, known are {}{hint}", FLAGS.join(", ")))
}
