//! Every registration that etcd takes, seen by a watch of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use etcd_client::{Client, EventType, WatchOptions};
use tokio::task::JoinHandle;

use super::rate::Rate;
use crate::Failure;

/// Looks on until its end.
#[derive(Debug)]
pub struct Puts {
    looking: JoinHandle<()>,
    seen: Arc<Mutex<Rate>>,
}

impl Puts {
    /// Looks on from now on, as long as etcd lives.
    ///
    /// # Errors
    ///
    /// When etcd does not let us.
    pub async fn watch(client: &mut Client) -> Result<Self, Failure> {
        let mut stream = client.watch("", Some(WatchOptions::new().with_all_keys())).await?;
        let seen = Arc::<Mutex<Rate>>::default();
        let rate = Arc::clone(&seen);
        let looking = tokio::spawn(async move {
            while let Ok(Some(answer)) = stream.message().await {
                let puts = answer.events().iter().filter(|event| event.event_type() == EventType::Put).count();
                rate.lock().unwrap_or_else(PoisonError::into_inner).add(Instant::now(), puts);
            }
        });
        Ok(Self { looking, seen })
    }

    /// What came so far.
    pub fn end(self) -> Rate {
        self.looking.abort();
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
