//! `kiteline registry`: the embedded development registry as a process of its own. The registry
//! is `runtime`'s; here is the command around it.

use super::report::Report;

/// Serves until Ctrl-C or SIGTERM; gives the exit code.
#[cfg(feature = "net")]
pub(super) fn serve(listen: &str, report: &Report) -> u8 {
    super::net::block_on(report, async {
        match run(listen, report).await {
            Ok(()) => 0,
            Err(error) => {
                report.error(&format!("no registry on {listen}: {error}"));
                super::exit::IO
            }
        }
    })
}

#[cfg(feature = "net")]
async fn run(listen: &str, report: &Report) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let registry = runtime::registry::dev::Embedded::bind(listen).await?;
    let address = registry.address();
    let warn = |text: &str| {
        if !report.is_quiet() {
            report.warning(text)
        }
    };
    if !address.ip().is_loopback() {
        warn(&format!("{address} is open to other machines, and this registry asks nobody for a password"));
    }
    warn("this registry is for development: not durable, everything in it is lost when it ends");
    report.listening(&format!("{address}: etcd's v3 API; Ctrl-C ends it"));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    registry.stop().await;
    Ok(())
}

/// Says how to get the command.
#[cfg(not(feature = "net"))]
pub(super) fn serve(_: &str, report: &Report) -> u8 {
    super::net::absent("registry", report)
}
