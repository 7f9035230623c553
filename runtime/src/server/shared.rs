//! What every connection of a server shares.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::connections::Connections;
use super::counters::{Counter, Counters};
use super::load::{Entry, Load};
use super::stage::Stage;
use super::work::Work;
use crate::body::Body;
use crate::context::Context;
use crate::error::Code;
use crate::error::{Error, Origin};
use crate::layered::Layered;
use crate::limits::{DecodeLimits, Limits};
use crate::router::{Route, Router};
use crate::service::Call;
use crate::service::Idl;
use crate::thrift::Protocol;

/// The state of a running server.
pub(super) struct Shared {
    pub(super) router: Router,
    /// `None` without layers: calls go to their service directly.
    pub(super) layers: Option<Layered>,
    pub(super) limits: Limits,
    pub(super) load: Arc<Load>,
    pub(super) connections: Arc<Connections>,
    pub(super) stage: watch::Sender<Stage>,
}

impl Shared {
    pub(super) fn counters(&self) -> &Counters {
        &self.load.counters
    }

    pub(super) fn count(&self, counter: Counter) {
        self.load.counters.add(counter);
    }

    /// The body of a call, and what decoding it may use up.
    ///
    /// # Errors
    ///
    /// As a body that a service cannot decode; a proto message over the limit of gRPC's.
    pub(super) fn open(&self, protocol: Protocol, body: Bytes) -> Result<(Bytes, DecodeLimits), Error> {
        let mut limits = self.limits.decode;
        if protocol.idl() == Idl::Proto && body.len() > self.limits.grpc_message {
            let text = format!("a message of {} bytes is over the limit of {}", body.len(), self.limits.grpc_message);
            return Err(Error::new(Code::ResourceExhausted, text).with_origin(Origin::Decode));
        }
        match protocol.open(body, &mut limits) {
            Ok(body) => Ok((body, limits)),
            Err(error) => Err(error.into_error(Code::InvalidArgument)),
        }
    }

    /// Starts a call whose body may use up what `limits` say.
    ///
    /// # Errors
    ///
    /// When too many calls, or bytes of them, are in work.
    pub(super) fn start(
        &self,
        route: &Route,
        mut cx: Context,
        (body, limits): (Body, DecodeLimits),
        entry: Entry<'_>,
    ) -> Result<Work, Error> {
        let permit = self.load.enter(body.as_whole().map_or(0, Bytes::len), entry, &self.limits)?;
        let method = route.method;
        cx.method = Some(method);
        let call = Call { method, cx, body, limits };
        Ok(Work::start(method, permit, || match &self.layers {
            None => route.service.call(call),
            Some(layers) => Box::pin(layers.oneshot(call)),
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
