//! When something was heard on a connection: what tells a slow peer from a connection that leads nowhere.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::Instant;

use kiteline_core::reading::{Reading, Reads};
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
pub(super) fn noted(stream: Stream, heard: &Arc<Heard>) -> (Reading<Stream, Noted>, oneshot::Receiver<()>) {
    let (begun, begins) = oneshot::channel();
    let noted = Noted { heard: Arc::clone(heard), first: false, begun: Some(begun) };
    (Reading::new(stream, noted), begins)
}

/// Notes reads.
pub(super) struct Noted {
    heard: Arc<Heard>,
    /// Whether something came.
    first: bool,
    begun: Option<oneshot::Sender<()>>,
}

impl Reads<Stream> for Noted {
    fn poll_read(
        &mut self,
        stream: Pin<&mut Stream>,
        task: &mut Task<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Who reads on has looked at what came before.
        if self.first
            && let Some(begun) = self.begun.take()
        {
            // Whoever opened the connection may have gone.
            let _ = begun.send(());
        }
        let polled = stream.poll_read(task, out);
        if polled.is_ready() {
            self.first |= !out.filled().is_empty();
            self.heard.last.store(self.heard.now(), Ordering::Relaxed);
        }
        polled
    }
}
