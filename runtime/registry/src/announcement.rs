//! The announcement of a server, as a [`Backend`](super::Backend) sees it: which instances are to stand in a registry,
//! until when, and what has become of it.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::instance::Instance;
use super::registration::Status;

/// The instances that are to stand in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) instances: Vec<Instance>,
    /// Whether nothing of it is to stand there for now.
    pub(crate) paused: bool,
}

/// Instances that are to be found by others, for as long as they are announced.
#[derive(Debug)]
pub struct Announcement {
    pub(crate) wanted: watch::Receiver<Wanted>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) stop: CancellationToken,
}

impl Announcement {
    /// The instances that are to stand in the registry now, one for each service; none during a pause.
    pub fn instances(&mut self) -> Vec<Instance> {
        let wanted = self.wanted.borrow_and_update();
        if wanted.paused { Vec::new() } else { wanted.instances.clone() }
    }

    /// Whether the program paused the announcement: its status is then [`Status::Paused`].
    pub fn is_paused(&self) -> bool {
        self.wanted.borrow().paused
    }

    /// Ends with `true` when other instances are to stand there since they were asked for, with `false`
    /// when the announcement is withdrawn.
    pub async fn changed(&mut self) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            changed = self.wanted.changed() => {
                if changed.is_err() {
                    self.stop.cancelled().await;
                }
                changed.is_ok()
            }
        }
    }

    /// Ends when the announcement is withdrawn.
    pub async fn withdrawn(&self) {
        self.stop.cancelled().await;
    }

    /// Says what has become of it.
    pub fn tell(&self, status: Status) {
        self.status.send_if_modified(|old| {
            let new = *old != status;
            *old = status;
            new
        });
    }
}
