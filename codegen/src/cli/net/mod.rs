//! Commands that use the network: what they have in common, and what is said of them where it is left out.

use super::report::Report;

#[cfg(feature = "net")]
mod found;
mod secure;
#[cfg(feature = "net")]
mod settings;
#[cfg(feature = "net")]
mod speech;
#[cfg(feature = "net")]
pub(super) mod terminal;

#[cfg(feature = "net")]
pub(super) use found::{listed, missing};
pub(super) use secure::tls_args;
#[cfg(feature = "net")]
pub(super) use secure::{apply, in_flags};
#[cfg(feature = "net")]
pub(super) use settings::{Settings, duration};
#[cfg(feature = "net")]
pub(super) use speech::{Speech, speech};

/// Says how to get a command; gives the exit code.
#[cfg(not(feature = "net"))]
pub(super) fn absent(command: &str, report: &Report) -> u8 {
    report.error(&format!(
        "this kiteline has no network: `cargo install --path codegen --features net` makes one with `{command}`"
    ));
    super::exit::USAGE
}

/// Runs a command to its end; gives its exit code. On one thread: what still goes on in the background then, such as the
/// look after a registry, is dropped where it stands, and has no last word.
#[cfg(feature = "net")]
pub(super) fn block_on(report: &Report, work: impl Future<Output = u8>) -> u8 {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(tokio) => tokio.block_on(work),
        Err(error) => {
            report.error(&format!("no threads for the network: {error}"));
            super::exit::IO
        }
    }
}
