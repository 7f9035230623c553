//! A picture of the metrics while instances and etcd come and go: three servers and a client in this process, scraped as
//! Prometheus would.

mod panels;
mod run;
mod scrape;
mod svg;

use crate::Failure;

/// Runs for some 45 s, and gives the picture as SVG.
///
/// # Errors
///
/// When a server or etcd does not start.
pub async fn draw() -> Result<String, Failure> {
    let (samples, marks) = run::run().await?;
    Ok(svg::picture(&panels::panels(&samples), &marks))
}
