//! Sharing of registries that a process opens more than once: a table of what is open, by what it was opened with.
//! Tasks end with their runtime, so each runtime has its own.

use std::sync::{Arc, Mutex, Weak};

use tokio::runtime::{Handle, Id};

use kiteline_core::lock::lock;

/// The table of what is open; whoever uses an entry keeps it open.
pub(super) struct Common<K, V>(Mutex<Vec<(Id, K, Weak<V>)>>);

impl<K: PartialEq, V> Common<K, V> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The entry that was opened with this key, opened by `open` where there is none. Outside of a runtime nothing is
    /// shared.
    pub(super) fn get<E>(&self, key: K, open: impl FnOnce(&K) -> Result<V, E>) -> Result<Arc<V>, E> {
        let Ok(runtime) = Handle::try_current().map(|handle| handle.id()) else { return open(&key).map(Arc::new) };
        let mut table = lock(&self.0);
        table.retain(|(.., value)| value.strong_count() > 0);
        let found = table.iter().find(|(home, known, _)| *home == runtime && *known == key);
        if let Some(value) = found.and_then(|(.., value)| value.upgrade()) {
            return Ok(value);
        }
        let value = open(&key).map(Arc::new)?;
        table.push((runtime, key, Arc::downgrade(&value)));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(table: &Common<u8, u8>, key: u8) -> Arc<u8> {
        table.get(key, |key| Ok::<u8, ()>(*key)).unwrap()
    }

    #[tokio::test]
    async fn one_key_is_opened_once_while_somebody_has_it() {
        let table = Common::new();
        let one = open(&table, 1);
        assert!(Arc::ptr_eq(&one, &open(&table, 1)));
        assert!(!Arc::ptr_eq(&one, &open(&table, 2)));
        drop(one);
        open(&table, 3);
        assert_eq!(table.0.lock().unwrap().len(), 1);
        assert!(table.get(4, |_| Err("no")).is_err());
    }

    #[test]
    fn each_runtime_has_its_own() {
        let table = Common::new();
        let runtimes = [0; 2].map(|_| tokio::runtime::Builder::new_current_thread().build().unwrap());
        let [one, two] = runtimes.each_ref().map(|runtime| runtime.block_on(async { open(&table, 1) }));
        assert!(!Arc::ptr_eq(&one, &two) && !Arc::ptr_eq(&one, &open(&table, 1)));
    }
}
