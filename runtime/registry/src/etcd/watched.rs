//! A watch on one member of the cluster.

use super::api::{WatchCreateRequest, WatchResponse, WatchStream};

use super::connection::{Connection, EtcdError};

/// An open watch; the member is left for the next one when it breaks.
pub(super) struct Watched<'a> {
    pub(super) connection: &'a Connection,
    /// The member's place.
    pub(super) place: usize,
    pub(super) stream: WatchStream,
}

impl Watched<'_> {
    /// Watches one more key on the same stream.
    pub(super) async fn watch(&mut self, wanted: WatchCreateRequest) -> Result<(), EtcdError> {
        let sent = self.stream.watch(wanted).await;
        sent.map_err(|error| self.broke(error.to_string()))
    }

    /// The next answer; `None` when etcd canceled the watch, such as for a compaction.
    pub(super) async fn next(&mut self) -> Result<Option<WatchResponse>, EtcdError> {
        match self.stream.message().await {
            Ok(Some(answer)) => Ok(Some(answer).filter(|answer| !answer.canceled)),
            Ok(None) => Err(self.broke("the watch ended".to_owned())),
            Err(error) => Err(self.broke(error.to_string())),
        }
    }

    /// A member that lost its leader ends its watches, and lets whatever else it is asked wait for
    /// seconds.
    fn broke(&self, why: String) -> EtcdError {
        self.connection.leave(self.place);
        EtcdError::Away(why)
    }
}
