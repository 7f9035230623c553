//! Flags and commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use codegen::emit::Sides;
use codegen::options::{Json, Options, Spec, TABLE, Takes};

use super::flags::{Say, color, flag, include_arg, say, say_args};
use super::invocation::{Command, Invocation, runtime};
use super::{call, order, services};

/// Everything that was asked for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// To make something of IDL files.
    Make(Box<Invocation>),
    /// To print an OpenAPI document of IDL files.
    OpenApi { idls: Vec<PathBuf>, include: Vec<PathBuf>, say: Say },
    /// To say what a finding's code means.
    Explain(String),
    /// To serve the development registry at this `host:port`.
    Registry { listen: String, say: Say },
    /// To show what is registered.
    Services(ArgMatches, Say),
    /// To call a method.
    Call(ArgMatches, Say),
}

/// Reads the arguments.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked, clap::Error> {
    let mut command = command();
    let args = order::subcommand_first(&command, args.into_iter().collect());
    let matches = command.try_get_matches_from_mut(args)?;
    let made = match matches.subcommand() {
        Some(("registry", sub)) => {
            let listen = sub.get_one::<String>("listen").cloned().unwrap_or_default();
            return Ok(Asked::Registry { listen, say: say(sub) });
        }
        Some(("services", sub)) => return Ok(Asked::Services(sub.clone(), say(sub))),
        Some(("call", sub)) => return Ok(Asked::Call(sub.clone(), say(sub))),
        None if matches.contains_id("explain") => {
            return Ok(Asked::Explain(matches.get_one::<String>("explain").cloned().unwrap_or_default()));
        }
        Some(("openapi", sub)) => {
            let (idls, include) = (paths(sub, "idl"), paths(sub, "include"));
            return Ok(Asked::OpenApi { idls, include, say: say(sub) });
        }
        Some(("generate", sub)) => invocation(Command::Generate, sub, &mut command),
        Some(("gateway", sub)) => invocation(Command::Gateway, sub, &mut command),
        _ => invocation(Command::Crate, &matches, &mut command),
    };
    made.map(|it| Asked::Make(Box::new(it)))
}

fn command() -> clap::Command {
    let generate = shared(clap::Command::new("generate"))
        .about("Make only src/generated, for a crate that is there")
        .override_usage("kiteline generate [OPTIONS] <IDL>... -o <DIR>");
    let gateway = crate_args(shared(clap::Command::new("gateway")))
        .about(
            "Make a gateway: a crate that answers HTTP by calling the services of the IDL, each found in the registry",
        )
        .override_usage("kiteline gateway [OPTIONS] <IDL>...")
        .mut_args(|arg| {
            // A gateway answers and calls.
            let one_sided = ["sides", "client-only", "server-only"].contains(&arg.get_id().as_str());
            arg.hide(one_sided)
        });
    let openapi = clap::Command::new("openapi")
        .about("Print an OpenAPI document of the routes of HTTP and the messages")
        .arg(idl_arg().required(true).help("Thrift and proto files, mixed as you like"))
        .arg(include_arg())
        .args(say_args());
    let registry = clap::Command::new("registry")
        .about("Serve a development registry: etcd's v3 API, in memory alone")
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("HOST:PORT")
                .default_value("127.0.0.1:2379")
                .help("Where others find it"),
        )
        .args(say_args());
    crate_args(shared(clap::Command::new("kiteline")))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Makes a ready Rust service of Thrift and proto IDL files")
        .override_usage("kiteline [OPTIONS] <IDL>...\n       kiteline generate [OPTIONS] <IDL>... -o <DIR>\n       kiteline gateway [OPTIONS] <IDL>...\n       kiteline openapi [OPTIONS] <IDL>...\n       kiteline registry [--listen <HOST:PORT>]\n       kiteline services [NAME]\n       kiteline call [IDL]... <SERVICE.METHOD> [JSON]\n       kiteline --explain <CODE>")
        .after_help("A service crate is made in ./<first IDL's name>, or brought up to date there:\n  kiteline idl/add.thrift\n  kiteline idl/add.thrift idl/hello.proto -o services")
        .arg(
            Arg::new("explain")
                .long("explain")
                .value_name("CODE")
                .exclusive(true)
                .help("Say what the code of a finding means, such as TH0102"),
        )
        .subcommand(generate)
        .subcommand(gateway)
        .subcommand(openapi)
        .subcommand(registry)
        .subcommand(services::command().args(say_args()))
        .subcommand(call::command().args(say_args()))
        .args_conflicts_with_subcommands(true)
}

/// What only a whole crate has.
fn crate_args(command: clap::Command) -> clap::Command {
    command
        .arg(flag("add-missing", "Insert stubs and lines that your own files lack"))
        .arg(flag("member", "Add the crate to the workspace around it instead of giving it one of its own"))
        .arg(
            Arg::new("runtime")
                .long("runtime")
                .value_name("SOURCE")
                .help("Where the crate gets `runtime` from: path:DIR, git:URL or git:URL#REV"),
        )
}

fn shared(command: clap::Command) -> clap::Command {
    command
        .arg(idl_arg().help("Thrift and proto files, mixed as you like; without any, those that the crate records"))
        .arg(
            Arg::new("out")
                .short('o')
                .long("out")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help("The crate's folder"),
        )
        .arg(include_arg())
        .args(TABLE.iter().map(of_table))
        .arg(flag("client-only", "The same as --sides client").conflicts_with_all(["server-only", "sides"]))
        .arg(flag("server-only", "The same as --sides server").conflicts_with("sides"))
        .arg(flag("dry-run", "Say what would be done, write nothing"))
        .arg(flag("diff", "Write nothing; print what would change as a patch on standard output"))
        .arg(flag("check", "Write nothing; exit with 1 when something is stale"))
        .arg(flag("prune", "Remove generated files that are no longer made"))
        .arg(flag("force", "Replace files that stand in the way"))
        .arg(
            Arg::new("deny")
                .long("deny")
                .value_name("WHAT")
                .value_parser(["warnings"])
                .help("Treat warnings as errors"),
        )
        .args(say_args())
        .mut_arg("verbose", |arg| arg.help("Name the files that stay as they are too, and repeat notes"))
}

fn idl_arg() -> Arg {
    Arg::new("idl").value_name("IDL").num_args(1..).value_parser(value_parser!(PathBuf))
}

fn paths(matches: &ArgMatches, name: &str) -> Vec<PathBuf> {
    matches.get_many(name).into_iter().flatten().cloned().collect()
}

/// The flag of an option.
fn of_table(spec: &Spec) -> Arg {
    let arg = Arg::new(spec.name).long(spec.name).help(spec.help);
    match spec.takes {
        Takes::Word(words) => arg.value_name("WHICH").value_parser(words.to_vec()),
        Takes::Switch => {
            let arg = arg.value_name("BOOL").value_parser(["true", "false"]);
            arg.num_args(0..=1).require_equals(true).default_missing_value("true")
        }
        Takes::Paths => arg.value_name("PATH").action(ArgAction::Append),
    }
}

/// The options that flags name.
fn said(matches: &ArgMatches) -> Vec<&'static str> {
    let sides = ["client-only", "server-only"].into_iter().any(|it| matches.get_flag(it));
    let named = TABLE.iter().map(|it| it.name).chain(["include"]);
    named.filter(|it| matches.contains_id(it) || (*it == "sides" && sides)).collect()
}

fn options(matches: &ArgMatches, command: &mut clap::Command) -> Result<Options, clap::Error> {
    let mut options = Options { deny_warnings: matches.contains_id("deny"), ..Options::default() };
    options.include = matches.get_many("include").into_iter().flatten().cloned().collect();
    for spec in TABLE {
        for value in matches.get_many::<String>(spec.name).into_iter().flatten() {
            spec.set(&mut options, value).map_err(|wanted| {
                let text = format!("`{value}` does not fit `--{}`: {wanted}", spec.name);
                command.error(clap::error::ErrorKind::InvalidValue, text)
            })?;
        }
    }
    if matches.get_flag("client-only") {
        options.sides = Sides::Client;
    }
    if matches.get_flag("server-only") {
        options.sides = Sides::Server;
    }
    Ok(options)
}

fn invocation(kind: Command, matches: &ArgMatches, command: &mut clap::Command) -> Result<Invocation, clap::Error> {
    let on = |name: &str| matches.get_flag(name);
    let idls = paths(matches, "idl");
    let out: Option<PathBuf> = matches.get_one("out").cloned();
    if kind == Command::Generate && out.is_none() {
        let text = "name the crate with `-o DIR`";
        return Err(command.error(clap::error::ErrorKind::MissingRequiredArgument, text));
    }
    let crate_only = kind != Command::Generate;
    let runtime = match matches.try_get_one::<String>("runtime").ok().flatten() {
        Some(text) => Some(runtime(text).ok_or_else(|| {
            let text = format!("`{text}` is no source: write path:DIR, git:URL or git:URL#REV");
            command.error(clap::error::ErrorKind::InvalidValue, text)
        })?),
        None => None,
    };
    let mut options = options(matches, command)?;
    let said = said(matches);
    if kind == Command::Gateway {
        if said.contains(&"sides") {
            let text = "a gateway has both sides of its services: it answers and calls";
            return Err(command.error(clap::error::ErrorKind::ArgumentConflict, text));
        }
        // Methods of Thrift without a route are reached in JSON too.
        if !said.contains(&"json") {
            options.json = Json::On;
        }
    }
    Ok(Invocation {
        command: kind,
        idls,
        out,
        options,
        said,
        runtime,
        member: crate_only && on("member"),
        dry_run: on("dry-run") || on("diff"),
        check: on("check"),
        diff: on("diff"),
        add_missing: crate_only && on("add-missing"),
        prune: on("prune"),
        force: on("force"),
        quiet: on("quiet"),
        verbose: on("verbose"),
        color: color(matches),
    })
}
