//! The method that a call is for, on its connection.

use std::sync::Arc;

use super::Connection;
use kiteline_core::service::Method;

/// Compressed messages from this size on are read and written aside: they may be a thousand times as long.
const SLOW_GZIP: usize = 16 << 10;

/// The method of one call.
#[derive(Clone)]
pub(super) struct Target {
    connection: Arc<Connection>,
    method: &'static Method,
}

impl Target {
    pub(super) fn new(connection: &Arc<Connection>, method: &'static Method) -> Self {
        Self { connection: Arc::clone(connection), method }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// `package.Service` of the method that is called.
    pub(super) fn service(&self) -> &'static str {
        service_of(self.method.path)
    }

    /// Whether answers are a stream.
    pub(super) fn streams(&self) -> bool {
        self.method.kind.streams_answers()
    }

    /// In how many bytes a message may be.
    pub(super) fn most(&self) -> usize {
        self.connection.shared.limits.grpc_message
    }
}

/// Whether a message of so many bytes, compressed or to be compressed, takes so long that the worker should not wait for it.
pub(super) fn is_slow(size: usize, zipped: bool) -> bool {
    zipped && size >= SLOW_GZIP
}

/// `package.Service` of a path.
pub(super) fn service_of(path: &str) -> &str {
    path.trim_start_matches('/').rsplit_once('/').map_or("", |(service, _)| service)
}
