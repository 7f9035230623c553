//! Flags that several commands have, and what is printed by them.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, value_parser};

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How much is said, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Say {
    pub(super) quiet: bool,
    pub(super) color: Color,
}

/// The flags about what is printed, which every command has.
pub(super) fn say_args() -> [Arg; 3] {
    [
        flag("quiet", "Say nothing but errors").short('q').conflicts_with("verbose"),
        flag("verbose", "Say more").short('v'),
        color_arg(),
    ]
}

pub(super) fn say(matches: &ArgMatches) -> Say {
    Say { quiet: matches.get_flag("quiet"), color: color(matches) }
}

pub(super) fn include_arg() -> Arg {
    Arg::new("include")
        .short('I')
        .long("include")
        .value_name("DIR")
        .action(ArgAction::Append)
        .value_parser(value_parser!(PathBuf))
        .help("Look for included files here too")
}

fn color_arg() -> Arg {
    Arg::new("color")
        .long("color")
        .value_name("WHEN")
        .default_value("auto")
        .value_parser(["auto", "always", "never"])
        .help("Colour of the output")
}

pub(super) fn color(matches: &ArgMatches) -> Color {
    match matches.get_one::<String>("color").map(String::as_str) {
        Some("always") => Color::Always,
        Some("never") => Color::Never,
        _ => Color::Auto,
    }
}

pub(super) fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}
