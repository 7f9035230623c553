//! The flags of `kiteline call`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use crate::cli::flags::{flag, include_arg};
use crate::cli::net::tls_args;
use crate::cli::services::registry_arg;

/// What `--protocol` takes: those of Thrift, then those of proto, then that of both.
const PROTOCOLS: [&str; 10] =
    ["ttheader", "framed", "buffered", "compact", "mux", "grpc", "grpc-web", "connect", "kitex-protobuf", "rest"];

/// The subcommand.
pub(in crate::cli) fn command() -> Command {
    Command::new("call")
        .about("Call a method by its name: JSON in, JSON out, in Thrift, gRPC and by routes of HTTP alike")
        .override_usage(
            "kiteline call [OPTIONS] [IDL]... <SERVICE.METHOD> [JSON]\n       kiteline call [OPTIONS] [IDL]... --list | --describe <NAME> | --example <SERVICE.METHOD>",
        )
        .after_help(AFTER)
        .arg(
            Arg::new("words")
                .value_name("SERVICE.METHOD JSON")
                .num_args(0..)
                .help("The method, and the request: JSON, @FILE, or - for standard input; without one {}"),
        )
        .arg(
            Arg::new("idl")
                .long("idl")
                .value_name("FILE")
                .action(ArgAction::Append)
                .value_parser(value_parser!(PathBuf))
                .help("A Thrift or proto file; default: those of the crate in this folder, else reflection"),
        )
        .arg(include_arg())
        .arg(flag("reflect", "Ask the server for its proto services, whatever IDL is there").conflicts_with("idl"))
        .arg(registry_arg())
        .arg(Arg::new("addr").long("addr").value_name("HOST:PORT").help("The server's address, in place of the registry; over TLS https://HOST:PORT").conflicts_with("registry"))
        .arg(Arg::new("service").long("service").value_name("NAME").help("The service's name in the registry, where it is not that of the IDL").conflicts_with("addr"))
        .arg(Arg::new("protocol").long("protocol").value_name("WHICH").value_parser(PROTOCOLS).help("How it is called; default: ttheader for Thrift, grpc for proto; rest: by its route of HTTP in the IDL"))
        .arg(Arg::new("header").short('H').long("header").value_name("NAME: VALUE").action(ArgAction::Append).help("Metadata of the call; the value of a name that ends in -bin is base64"))
        .arg(Arg::new("deadline").long("deadline").value_name("TIME").help("The longest time for the call: 3s, 200ms; default 30s, and none for streams"))
        .arg(flag("list", "List the services and their methods").conflicts_with_all(["describe", "example"]))
        .arg(Arg::new("describe").long("describe").value_name("NAME").help("Show a service, a method or a type as IDL").conflicts_with("example"))
        .arg(Arg::new("example").long("example").value_name("SERVICE.METHOD").help("Print a request of a method, to be edited"))
        .args(tls_args())
}

const AFTER: &str = "\
A method is written add.AddService.Add, AddService.Add, pkg.Service/Method, or Add where there is one of that name.
Streams of requests are JSON one after the other, of standard input one on each line; streams of answers are one line each.
Exit codes: 0 it answered, 1 it failed, 2 the request cannot be made.

  kiteline call AddService.Add '{\"first\": 1, \"second\": 2}'
  kiteline call idl/add.thrift Add @request.json --addr 127.0.0.1:8888
  kiteline call --addr 127.0.0.1:9000 --list
  kiteline call idl/user.proto GetUser '{\"id\": 7}' --addr http://127.0.0.1:8080 --protocol rest";
