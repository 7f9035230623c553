//! How each system writes its instances into etcd: keys and values, nothing else. A layout is
//! one file here and one line in [`NAMES`] and [`open`].

mod kitex;

use std::fmt;
use std::sync::Arc;

use super::instance::Instance;

/// The layouts of this version.
pub(crate) const NAMES: [&str; 1] = ["kitex"];

/// Keys and values of one system.
pub(crate) trait Layout: fmt::Debug + Send + Sync {
    /// What every key of a service begins with. Ends in `/`, so that `add` never sees `address`.
    fn prefix(&self, service: &str) -> String;

    /// The entries of an instance, keys distinct.
    fn write(&self, instance: &Instance) -> Vec<Entry>;

    /// Reads one entry that was found under [`Layout::prefix`].
    ///
    /// # Errors
    /// Why the entry is left out; the other entries are not touched by it.
    fn read(&self, service: &str, key: &[u8], value: &[u8]) -> Result<Instance, String>;
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The layout of this name (one of [`NAMES`]; any other is the first). `prefix` replaces the
/// system's own.
pub(crate) fn open(_name: &str, prefix: Option<&str>) -> Arc<dyn Layout> {
    Arc::new(kitex::Kitex::new(prefix))
}
