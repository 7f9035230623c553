//! What callers send requests by, until its connection ends.

use std::sync::{Arc, Mutex, Weak};

use kiteline_core::lock::lock;

/// A connection's sender, which its end takes away.
///
/// A request that is put into a connection's queue in the moment in which nobody reads that any more is in no one's hands: it is
/// given back when the last sender is dropped, which a caller that waits for the answer would hold.
#[derive(Debug)]
pub(super) struct Lent<S>(Arc<Mutex<Option<S>>>);

impl<S> Lent<S> {
    pub(super) fn new(sender: S) -> Self {
        Self(Arc::new(Mutex::new(Some(sender))))
    }

    /// Uses the sender, if the connection has not ended.
    pub(super) fn with<T>(&self, using: impl FnOnce(&mut S) -> T) -> Option<T> {
        lock(&self.0).as_mut().map(using)
    }

    /// Takes it away when it is dropped, which the connection's task does last. It does not keep the connection open.
    pub(super) fn end(&self) -> End<S> {
        End(Arc::downgrade(&self.0))
    }
}

/// The end of a connection.
pub(super) struct End<S>(Weak<Mutex<Option<S>>>);

impl<S> Drop for End<S> {
    fn drop(&mut self) {
        let sender = self.0.upgrade().and_then(|lent| lock(&lent).take());
        // Outside the lock: requests that nobody took are given back here.
        drop(sender);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[tokio::test]
    async fn the_end_of_a_connection_takes_its_sender_away() {
        let (sender, mut queue) = unbounded_channel();
        let lent = Lent::new(sender);
        let end = lent.end();
        assert!(lent.with(|sender| sender.send(1)).is_some_and(|sent| sent.is_ok()));
        assert_eq!(queue.recv().await, Some(1));
        drop(end);
        assert!(lent.with(|sender| sender.send(2)).is_none());
        assert_eq!(queue.recv().await, None);
    }

    #[tokio::test]
    async fn nobody_who_has_a_sender_ends_the_connection() {
        let (sender, mut queue) = unbounded_channel::<()>();
        let lent = Lent::new(sender);
        let _end = lent.end();
        drop(lent);
        assert_eq!(queue.recv().await, None);
    }
}
