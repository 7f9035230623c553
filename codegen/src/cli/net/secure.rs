//! The flags of TLS: `[client.tls]` of `service.toml`, said on the command line.

use std::path::PathBuf;

use clap::{Arg, value_parser};

use crate::cli::flags::flag;

/// The flags, which every command that connects has.
pub(in crate::cli) fn tls_args() -> [Arg; 5] {
    let file = |name: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help_heading("TLS")
    };
    [
        flag("tls", "Speak TLS with addresses that do not say; the four below mean it too").help_heading("TLS"),
        file("ca").help("The authorities that are trusted; default: those of the system"),
        file("cert").requires("key").help("The certificate of who calls, for servers that ask"),
        file("key").requires("cert").help("Its private key"),
        Arg::new("server-name")
            .long("server-name")
            .value_name("NAME")
            .help("The name in the server's certificate; default: the host that is dialed")
            .help_heading("TLS"),
    ]
}

#[cfg(feature = "net")]
pub(in crate::cli) use flags::{apply, in_flags};

#[cfg(feature = "net")]
mod flags {
    use clap::ArgMatches;
    use runtime::client::ClientConfig;

    use super::PathBuf;

    /// The names that settings of TLS have in errors, each with its flag.
    const NAMES: [(&str, &str); 3] = [
        ("`ca` of `[client.tls]`", "--ca"),
        ("`cert` of `[client.tls]`", "--cert"),
        ("`key` of `[client.tls]`", "--key"),
    ];

    /// Puts what the flags say over the settings of a file; gives whether they ask for TLS.
    pub(in crate::cli) fn apply(matches: &ArgMatches, client: &mut ClientConfig) -> bool {
        let file = |name: &str| matches.get_one::<PathBuf>(name);
        let name = matches.get_one::<String>("server-name");
        let files = ["ca", "cert", "key"].map(file);
        let asks = matches.get_flag("tls") || name.is_some() || files.iter().any(Option::is_some);
        if asks {
            let tls = client.tls.get_or_insert_default();
            let [ca, cert, key] = files;
            for (setting, file) in [(&mut tls.ca, ca), (&mut tls.cert, cert), (&mut tls.key, key)] {
                if let Some(path) = file {
                    *setting = Some(path.clone().into());
                }
            }
            tls.server_name = name.cloned().or(tls.server_name.take());
        }
        asks
    }

    /// An error about a setting of TLS, by the flag that said it.
    pub(in crate::cli) fn in_flags(error: &str, matches: &ArgMatches) -> String {
        let flags = NAMES.iter().filter(|(_, flag)| matches.contains_id(flag.trim_start_matches("--")));
        flags.fold(error.to_owned(), |text, (setting, flag)| text.replace(setting, flag))
    }
}
