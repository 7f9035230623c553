//! What every connection of a server shares.

use std::sync::Arc;

use bytes::Bytes;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::connections::Connections;
use super::counters::{Counter, Counters};
use super::load::Load;
use super::work::Work;
use crate::context::Context;
use crate::error::{Error, Origin};
use crate::limits::Limits;
use crate::router::{Route, Router};
use crate::service::{Answer, Call};

/// The service below the layers, as they see it.
pub(super) type Stacked = BoxCloneSyncService<Call, Answer, Error>;

/// The state of a running server.
pub(super) struct Shared {
    pub(super) router: Router,
    /// `None` without layers: calls go to their service directly.
    pub(super) layers: Option<Stacked>,
    pub(super) limits: Limits,
    pub(super) load: Arc<Load>,
    pub(super) connections: Arc<Connections>,
}

impl Shared {
    pub(super) fn counters(&self) -> &Counters {
        &self.load.counters
    }

    pub(super) fn count(&self, counter: Counter) {
        self.load.counters.add(counter);
    }

    /// Starts a call.
    ///
    /// # Errors
    ///
    /// When too many calls, or bytes of them, are in work.
    pub(super) fn start(&self, route: &Route, cx: Context, body: Bytes) -> Result<Work, Error> {
        let permit = self.load.enter(body.len(), &self.limits)?;
        let method = route.method;
        let cx = cx.with_method(method);
        let call = Call { method, cx, body, limits: self.limits.decode };
        Ok(Work::start(method, permit, || match &self.layers {
            None => route.service.call(call),
            Some(layers) => Box::pin(layers.clone().oneshot(call)),
        }))
    }

    /// Counts what an error says about the peer or this process.
    pub(super) fn note(&self, error: &Error) {
        match error.origin() {
            Origin::Decode => self.count(Counter::BadArguments),
            Origin::UnknownMethod => self.count(Counter::UnknownMethod),
            _ => {}
        }
    }
}
