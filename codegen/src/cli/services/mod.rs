//! `kiteline services`: what stands in a registry, in which layouts, and what answers.

use clap::{Arg, ArgMatches};

use super::report::Report;

#[cfg(feature = "net")]
mod look;
#[cfg(feature = "net")]
mod probe;
#[cfg(feature = "net")]
mod shown;

/// The subcommand.
pub(super) fn command() -> clap::Command {
    clap::Command::new("services")
        .about("Show what is registered: layouts, addresses, weights, versions, leases, and what answers")
        .arg(Arg::new("name").value_name("NAME").help("Only the service of this name"))
        .arg(registry_arg())
        .arg(
            Arg::new("timeout")
                .long("timeout")
                .value_name("TIME")
                .default_value("5s")
                .help("For the registry, and then for what answers: 3s, 200ms"),
        )
        .arg(super::flags::flag("json", "Print JSON"))
        .args(super::net::tls_args())
}

/// The flag that says where services are found.
pub(super) fn registry_arg() -> Arg {
    Arg::new("registry")
        .long("registry")
        .value_name("URL")
        .help("The registry; default: that of service.toml or KITELINE_REGISTRY, else etcd://127.0.0.1:2379")
}

/// Shows it; gives the exit code.
#[cfg(feature = "net")]
pub(super) fn run(matches: &ArgMatches, report: &Report) -> u8 {
    look::run(matches, report)
}

/// Says how to get the command.
#[cfg(not(feature = "net"))]
pub(super) fn run(_: &ArgMatches, report: &Report) -> u8 {
    super::net::absent("services", report)
}
