//! `kiteline call`: calls a method by its name, with JSON in and out.
//!
//! `options` is what was asked for, `schema` where methods come from (IDL, reflection), `catalog` finds one of them by the
//! name that was typed. `json` is JSON with places, `thrift` and `proto` turn it to messages and back, `rest` to requests by routes
//! of HTTP, `target` is the way to a server and `watched` which one it led to, `send` makes the call and prints what comes, `verbose`
//! what else there is, `hint` says what to type when nothing does.

use clap::ArgMatches;

use super::report::Report;

mod options;

#[cfg(feature = "net")]
mod base64;
#[cfg(feature = "net")]
mod catalog;
#[cfg(feature = "net")]
mod describe;
#[cfg(feature = "net")]
mod details;
#[cfg(feature = "net")]
mod example;
#[cfg(feature = "net")]
mod fault;
#[cfg(feature = "net")]
mod hint;
#[cfg(feature = "net")]
mod input;
#[cfg(feature = "net")]
mod json;
#[cfg(feature = "net")]
mod message;
#[cfg(feature = "net")]
mod proto;
#[cfg(feature = "net")]
mod reflection;
#[cfg(feature = "net")]
mod rest;
#[cfg(feature = "net")]
mod run;
#[cfg(feature = "net")]
mod schema;
#[cfg(feature = "net")]
mod send;
#[cfg(feature = "net")]
mod stop;
#[cfg(feature = "net")]
mod target;
#[cfg(feature = "net")]
mod thrift;
#[cfg(feature = "net")]
mod verbose;
#[cfg(feature = "net")]
mod watched;

pub(super) use options::command;

/// Makes the call; gives the exit code.
#[cfg(feature = "net")]
pub(super) fn run(matches: &ArgMatches, report: &Report) -> u8 {
    run::run(matches, report)
}

/// Says how to get the command.
#[cfg(not(feature = "net"))]
pub(super) fn run(_: &ArgMatches, report: &Report) -> u8 {
    super::net::absent("call", report)
}
