//! A look into a registry, bounded in time, and what is said of a service that is not there.

use std::collections::BTreeSet;
use std::time::Duration;

use codegen::diag::closest;
use runtime::registry::{Listing, Registry};
use tokio::time::timeout;

/// Names of services that are said all at once.
const FEW: usize = 8;

/// What stands in a registry, or what stands there of one service.
///
/// # Errors
///
/// For a registry that is away or says nothing in time.
pub(in crate::cli) async fn listed(
    registry: &Registry,
    limit: Duration,
    name: Option<&str>,
) -> Result<Listing, String> {
    match timeout(limit, registry.list(name)).await {
        Ok(listing) => listing.map_err(|error| error.to_string()),
        Err(_) => Err(format!("{registry} cannot be listed: no answer in {limit:?}")),
    }
}

/// Says that a service is not there, which one may be meant, and the flag in front of its name where one is needed.
pub(in crate::cli) async fn missing(registry: &Registry, limit: Duration, name: &str, flag: &str) -> String {
    let others = listed(registry, limit, None).await.unwrap_or_default();
    let names: BTreeSet<&str> = others.entries.iter().map(|it| it.service.as_str()).collect();
    let part = names.iter().find(|it| it.split(['.', '-', '_']).any(|part| part.eq_ignore_ascii_case(name)));
    let all = || names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    let how = if flag.is_empty() { String::new() } else { format!(": `{flag}NAME` names another one") };
    let help = match closest(name, names.iter().copied()).or(part.copied()) {
        Some(near) => format!("did you mean `{flag}{near}`?"),
        None if names.is_empty() => "nothing is".to_owned(),
        None if names.len() <= FEW => format!("there are {}{how}", all()),
        None => "`kiteline services` shows what is".to_owned(),
    };
    format!("`{name}` is not registered in {registry}: {help}")
}
