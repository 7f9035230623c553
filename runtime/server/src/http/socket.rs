//! The socket of a connection: a write that the peer does not take in time ends it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::counters::Counter;
use crate::shared::Shared;

/// A socket whose writes have a limit.
pub(super) struct Socket<S> {
    inner: S,
    shared: Arc<Shared>,
    /// Whether the peer is waited for.
    full: Arc<AtomicBool>,
    late: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncWrite + Unpin> Socket<S> {
    pub(super) fn new(inner: S, shared: &Arc<Shared>, full: &Arc<AtomicBool>) -> Self {
        Self { inner, shared: Arc::clone(shared), full: Arc::clone(full), late: None }
    }

    fn write<T>(
        &mut self,
        task: &mut Task<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Task<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let polled = write(Pin::new(&mut self.inner), task);
        if polled.is_ready() {
            if self.late.take().is_some() {
                self.full.store(false, Ordering::Relaxed);
            }
            return polled;
        }
        self.full.store(true, Ordering::Relaxed);
        let limit = self.shared.limits.write;
        let late = self.late.get_or_insert_with(|| Box::pin(sleep(limit)));
        late.as_mut().poll(task).map(|()| {
            self.shared.count(Counter::WriteTimeouts);
            Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing"))
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(task, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(task, |inner, task| inner.poll_write(task, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(task, |inner, task| inner.poll_write_vectored(task, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(task)
    }
}
