//! One look at a registry and at what is registered.

use std::io::Write as _;
use std::time::Duration;

use clap::ArgMatches;
use runtime::registry::{Listing, Registry};
use tokio::time::Instant;

use super::probe::Answers;
use super::{probe, shown};
use crate::cli::exit::{FINDINGS, IO, USAGE};
use crate::cli::net::{self, Settings};
use crate::cli::report::Report;

pub(super) fn run(matches: &ArgMatches, report: &Report) -> u8 {
    let text = matches.get_one::<String>("timeout").map_or("5s", String::as_str);
    let name = matches.get_one::<String>("name");
    let parsed = net::duration(text).and_then(|limit| {
        let registry = Settings::load(matches)?;
        Ok((limit, registry))
    });
    let (limit, settings) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            report.error(&error);
            return USAGE;
        }
    };
    net::block_on(report, look(&settings, limit, name.map(String::as_str), matches.get_flag("json"), report))
}

async fn look(settings: &Settings, limit: Duration, name: Option<&str>, json: bool, report: &Report) -> u8 {
    // Some registries want to be opened among tokio's threads.
    let registry = match settings.registry() {
        Ok(registry) => registry,
        Err(error) => {
            report.error(&error);
            return USAGE;
        }
    };
    let listing = match net::listed(&registry, limit, name).await {
        Ok(listing) => listing,
        Err(error) => {
            report.error(&error);
            return IO;
        }
    };
    if let (true, Some(name)) = (listing.entries.is_empty(), name) {
        report.error(&net::missing(&registry, limit, name, "").await);
        return FINDINGS;
    }
    let answers = probe::all(&listing, settings, Instant::now() + limit).await;
    print(&registry, &listing, &answers, json, report);
    0
}

fn print(registry: &Registry, listing: &Listing, answers: &Answers, json: bool, report: &Report) {
    let text = if json { shown::json(registry, listing, answers) } else { shown::table(listing, answers) };
    // A closed pipe is nobody's fault.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if !json {
        listing.notes.iter().for_each(|note| report.warning(note));
        if listing.entries.is_empty() && !report.is_quiet() {
            report.text(&format!("nothing is registered in {registry}"));
        }
    }
}
