//! Logs failed calls: one line per method, code and second, with the number of those like it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use kiteline_core::error::{Error, Origin};
use kiteline_core::lock::lock;
use kiteline_core::service::Method;

/// Between two lines about the same method and code.
const PAUSE: Duration = Duration::from_secs(1);

/// By method and code: the program's own methods and 16 codes bound its size.
static RECENT: Mutex<BTreeMap<(&str, u8), Recent>> = Mutex::new(BTreeMap::new());

/// Logs that a call failed, unless a call like it was logged less than a second ago. Business
/// errors, which are answers, are logged at `info`; a panic has its own line.
#[cold]
pub(super) fn log(method: &Method, error: &Error) {
    let business = error.business_code().is_some();
    if error.origin() == Origin::Panic
        || !(business || tracing::enabled!(target: "runtime::server::failures", tracing::Level::WARN))
    {
        return;
    }
    let key = (method.path, error.code() as u8);
    let due = lock(&RECENT).entry(key).or_default().due(Instant::now());
    let Some(unlogged) = due else { return };
    let method = format_args!("{}.{}", method.service, method.name);
    // As a text, which the log quotes: it may hold what a caller sent.
    let why = error.message();
    match error.business_code() {
        Some(code) => {
            tracing::info!(target: "runtime::server::failures", %method, code, why, unlogged, "a call was refused")
        }
        None => {
            tracing::warn!(target: "runtime::server::failures", %method, code = ?error.code(), why, unlogged, "a call failed")
        }
    }
}

/// What was logged last of one kind.
#[derive(Debug, Default)]
struct Recent {
    logged: Option<Instant>,
    unlogged: u64,
}

impl Recent {
    /// The number of failures since the last line when a line is due, which counts as written.
    fn due(&mut self, now: Instant) -> Option<u64> {
        if self.logged.is_some_and(|at| now.saturating_duration_since(at) < PAUSE) {
            self.unlogged += 1;
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_counts_those_between() {
        let (mut recent, start) = (Recent::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        let due: Vec<_> = [0, 1, 999, 1000, 1001, 5000].map(|millis| recent.due(at(millis))).into();
        assert_eq!(due, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
