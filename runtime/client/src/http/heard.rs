//! When something was heard on a connection: what tells a slow peer from a connection that leads nowhere.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::oneshot;
use tokio::time::Instant;

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

/// A socket whose reads are noted; the receiver is told once the first bytes that came were looked at.
pub(super) fn noted(
    stream: TcpStream,
    heard: &Arc<Heard>,
) -> (impl AsyncRead + AsyncWrite + Unpin + Send + 'static, oneshot::Receiver<()>) {
    let (reader, writer) = stream.into_split();
    let (begun, begins) = oneshot::channel();
    let noted = Noted { reader, heard: Arc::clone(heard), first: false, begun: Some(begun) };
    (tokio::io::join(noted, writer), begins)
}

struct Noted {
    reader: OwnedReadHalf,
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
        let polled = Pin::new(&mut self.reader).poll_read(task, out);
        if polled.is_ready() {
            self.first |= !out.filled().is_empty();
            self.heard.last.store(self.heard.now(), Ordering::Relaxed);
        }
        polled
    }
}
