//! The log's set-up.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use kiteline_core::say::say;

/// Logs to standard error as `RUST_LOG` says (`warn` without it), in colour on a terminal unless
/// `NO_COLOR` is set. A program that has set up logging itself keeps its own.
/// [`Server::run`](crate::Server::run) calls it; programs that only call services may.
pub fn init_logging() {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
    let filter: Targets = wanted.parse().unwrap_or_else(|error| {
        say(&format!("RUST_LOG={wanted}: {error}; logging warnings"));
        Targets::new().with_default(tracing::Level::WARN)
    });
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = !plain && std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour);
    // A subscriber that is there already is the program's own choice.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}
