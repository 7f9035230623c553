//! When something was heard on a connection: what tells a slow peer from a connection that leads nowhere.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::Instant;

use kiteline_tls::Stream;

/// The last moment at which bytes came.
#[derive(Debug)]
pub(super) struct Heard {
    begin: Instant,
    /// Milliseconds from the beginning.
    last: AtomicU64,
}

impl Default for Heard {
    fn default() -> Self {
        Self { begin: Instant::now(), last: AtomicU64::new(0) }
    }
}

impl Heard {
    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long ago that was.
    pub(super) fn since(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.last.load(Ordering::Relaxed)))
    }
}

/// A connection whose reads are noted; the receiver is told once the first bytes that came were looked at.
pub(super) fn noted(stream: Stream, heard: &Arc<Heard>) -> (Noted, oneshot::Receiver<()>) {
    let (begun, begins) = oneshot::channel();
    (Noted { stream, heard: Arc::clone(heard), first: false, begun: Some(begun) }, begins)
}

/// A connection whose reads are noted.
pub(super) struct Noted {
    stream: Stream,
    heard: Arc<Heard>,
    /// Whether something came.
    first: bool,
    begun: Option<oneshot::Sender<()>>,
}

impl AsyncRead for Noted {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Who reads on has looked at what came before.
        if self.first
            && let Some(begun) = self.begun.take()
        {
            // Whoever opened the connection may have gone.
            let _ = begun.send(());
        }
        let polled = Pin::new(&mut self.stream).poll_read(task, out);
        if polled.is_ready() {
            self.first |= !out.filled().is_empty();
            self.heard.last.store(self.heard.now(), Ordering::Relaxed);
        }
        polled
    }
}

impl AsyncWrite for Noted {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(task, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}
