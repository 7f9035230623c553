//! Metadata as a context holds it: shared, and read when it is asked for.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::Metadata;

/// Metadata in the form in which it came.
pub trait Unread: Send + Sync + 'static {
    /// Reads it.
    fn read(&self) -> Metadata;
}

/// Metadata that clones share.
#[derive(Clone, Default)]
pub(crate) struct Held {
    read: Option<Arc<Metadata>>,
    /// In place of `read`.
    unread: Option<Arc<Once<dyn Unread>>>,
}

/// Metadata that is read once.
struct Once<U: ?Sized> {
    read: OnceLock<Metadata>,
    unread: U,
}

impl Once<dyn Unread> {
    fn get(&self) -> &Metadata {
        self.read.get_or_init(|| self.unread.read())
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl Held {
    pub(crate) fn new(metadata: Metadata) -> Self {
        Self { read: Some(Arc::new(metadata)), unread: None }
    }

    pub(crate) fn unread(unread: impl Unread) -> Self {
        Self { read: None, unread: Some(Arc::new(Once { read: OnceLock::new(), unread })) }
    }

    pub(crate) fn get(&self) -> Option<&Metadata> {
        match &self.unread {
            Some(unread) => Some(unread.get()),
            None => self.read.as_deref(),
        }
    }

    /// The metadata, for this one of its clones alone.
    pub(crate) fn edit(&mut self) -> &mut Metadata {
        if let Some(unread) = self.unread.take() {
            self.read = Some(Arc::new(unread.get().clone()));
        }
        Arc::make_mut(self.read.get_or_insert_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counted(Arc<AtomicUsize>);

    impl Unread for Counted {
        fn read(&self) -> Metadata {
            self.0.fetch_add(1, Ordering::Relaxed);
            [("a", "1")].into_iter().collect()
        }
    }

    #[test]
    fn it_is_read_once_for_all_clones_and_changed_for_one() {
        let reads = Arc::<AtomicUsize>::default();
        let held = Held::unread(Counted(Arc::clone(&reads)));
        let mut other = held.clone();
        assert_eq!(reads.load(Ordering::Relaxed), 0);
        other.edit().append("b", "2");
        let a = |held: &Held| (held.get().unwrap().get("a").map(str::to_owned), held.get().unwrap().len());
        assert_eq!((a(&held), a(&other)), ((Some("1".to_owned()), 1), (Some("1".to_owned()), 2)));
        assert_eq!(reads.load(Ordering::Relaxed), 1);
        assert!(Held::default().get().is_none());
    }
}
