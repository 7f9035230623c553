//! Liveness and readiness as pages: `/healthz` for whether the process works, `/readyz` for whether calls should be sent
//! to it.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::http::{ListedPage, Page};
use super::registration::Standing;
use super::stage::Stage;

/// Whether a server is to be sent calls.
pub(super) struct Readiness {
    pub(super) stage: watch::Receiver<Stage>,
    /// Set when the server has started.
    pub(super) standing: Arc<OnceLock<Standing>>,
}

impl Readiness {
    /// What is in the way, in words.
    fn obstacle(&self) -> Option<&'static str> {
        if *self.stage.borrow() != Stage::Serving {
            return Some("the server is stopping");
        }
        match self.standing.get() {
            None => Some("the server is starting"),
            Some(stands) => (!stands()).then_some("the server is not in its registry"),
        }
    }

    fn page(&self) -> Page {
        match self.obstacle() {
            None => Page::text("ok\n"),
            Some(obstacle) => Page::text(format!("{obstacle}\n")).with_status(503),
        }
    }

    /// The pages of this server.
    pub(super) fn pages(self) -> [ListedPage; 2] {
        let alive = ListedPage::own("/healthz", Arc::new(|| Page::text("ok\n")));
        [alive, ListedPage::own("/readyz", Arc::new(move || self.page()))]
    }
}
