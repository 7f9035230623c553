//! Messages in the form that a caller chose, turned into proto and back at the connection's edge.

use std::sync::Arc;

use bytes::Bytes;

use super::Connection;
use kiteline_core::aside::LARGE;
use kiteline_core::error::Error;
use kiteline_core::router::Route;
use kiteline_grpc::Form;

/// Compressed messages from this size on are read and written aside: they may be a thousand times as long.
const SLOW_GZIP: usize = 16 << 10;

/// Turns the messages of one call.
#[derive(Clone)]
pub(super) struct Transcode {
    connection: Arc<Connection>,
    route: Route,
    form: Form,
}

impl Transcode {
    pub(super) fn new(connection: &Arc<Connection>, route: &Route, form: Form) -> Self {
        Self { connection: Arc::clone(connection), route: route.clone(), form }
    }

    /// A request's message as proto bytes.
    pub(super) fn open(&self, message: Bytes) -> Result<Bytes, Error> {
        #[cfg(feature = "json")]
        if self.form == Form::Json {
            let Self { connection, route, .. } = self;
            let limits = connection.shared.limits.decode;
            return connection.json.request(route.method, route.service.descriptors(), &message, limits);
        }
        Ok(message)
    }

    /// An answer's message in the form of the request's.
    pub(super) fn close(&self, message: Bytes) -> Result<Bytes, Error> {
        #[cfg(feature = "json")]
        if self.form == Form::Json {
            let Self { connection, route, .. } = self;
            return connection.json.reply(route.method, route.service.descriptors(), message);
        }
        Ok(message)
    }

    /// Whether a message of so many bytes, compressed or to be compressed, takes so long that the worker should not wait for it.
    pub(super) fn is_slow(&self, size: usize, zipped: bool) -> bool {
        zipped && size >= SLOW_GZIP || self.form == Form::Json && size >= LARGE
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Whether answers are a stream.
    pub(super) fn streams(&self) -> bool {
        self.route.method.kind.streams_answers()
    }

    /// `package.Service` of the method that is called.
    pub(super) fn service(&self) -> &'static str {
        service_of(self.route.method.path)
    }

    /// In how many bytes a message may be.
    pub(super) fn most(&self) -> usize {
        self.connection.shared.limits.grpc_message
    }
}

/// `package.Service` of a path.
pub(super) fn service_of(path: &str) -> &str {
    path.trim_start_matches('/').rsplit_once('/').map_or("", |(service, _)| service)
}
