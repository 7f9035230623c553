//! What registries and balancers say of services, by the names that the program gave them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use kiteline_core::lock::lock;

/// Services that have series of their own. Names come from the program, which may make channels to any number of them.
const MOST: usize = 256;
/// The name of all others.
const OTHERS: &str = "(others)";

/// What is known of one service.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    /// Of a server: whether it stands in its registry.
    pub(crate) registered: Option<bool>,
    pub(crate) lost: u64,
    /// Of a channel: the instances in the registry's list.
    pub(crate) instances: Option<usize>,
    pub(crate) left_out: u64,
    pub(crate) back: u64,
}

/// What is known of all services. These events are rare.
#[derive(Debug, Default)]
pub(crate) struct Services(Mutex<BTreeMap<String, State>>);

impl Services {
    pub(crate) fn edit(&self, service: &str, change: impl FnOnce(&mut State)) {
        let mut all = lock(&self.0);
        let known = all.contains_key(service) || all.len() < MOST;
        let name = if known { service } else { OTHERS };
        match all.get_mut(name) {
            Some(state) => change(state),
            None => change(all.entry(name.to_owned()).or_default()),
        }
    }

    pub(crate) fn all(&self) -> MutexGuard<'_, BTreeMap<String, State>> {
        lock(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded() {
        let services = Services::default();
        (0..1000).for_each(|name| services.edit(&name.to_string(), |state| state.left_out += 1));
        let all = services.all();
        assert_eq!((all.len(), all["7"].left_out, all[OTHERS].left_out), (MOST + 1, 1, 1000 - MOST as u64));
    }
}
