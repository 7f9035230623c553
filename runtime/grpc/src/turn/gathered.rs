//! A socket whose writes are gathered until a turn ends.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use kiteline_core::lock::lock;

/// Bytes that are gathered at most.
const MOST: usize = 64 << 10;
/// Bytes from which on a write goes out by itself when nothing is gathered.
const LARGE: usize = 16 << 10;
/// The first room.
const ROOM: usize = 4 << 10;

/// A socket for its connection, and the end that writes what was gathered.
pub fn gather<I>(socket: I) -> (Gathered<I>, Gathering<I>) {
    let both = Arc::new(Mutex::new(Both { socket, out: BytesMut::new(), failed: None }));
    (Gathered(Arc::clone(&both)), Gathering(both))
}

/// What a connection writes to: a flush does nothing, [`Gathering::poll`] does.
pub struct Gathered<I>(Arc<Mutex<Both<I>>>);

/// Writes what was gathered.
pub struct Gathering<I>(Arc<Mutex<Both<I>>>);

struct Both<I> {
    socket: I,
    out: BytesMut,
    failed: Option<io::ErrorKind>,
}

impl<I: AsyncWrite + Unpin> Both<I> {
    /// Writes what was gathered.
    fn drain(&mut self, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        self.sound()?;
        while !self.out.is_empty() {
            let written = match ready!(Pin::new(&mut self.socket).poll_write(task, &self.out)) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                other => other,
            };
            self.out.advance(written.inspect_err(|error| self.failed = Some(error.kind()))?);
        }
        // Who waits owns no room.
        self.out = BytesMut::new();
        Poll::Ready(Ok(()))
    }

    fn sound(&self) -> io::Result<()> {
        self.failed.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn write(&mut self, task: &mut Task<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.sound()?;
        let size = parts.iter().map(|part| part.len()).sum::<usize>();
        if self.out.len() + size > MOST {
            ready!(self.drain(task))?;
        }
        if self.out.is_empty() && size >= LARGE {
            return Pin::new(&mut self.socket).poll_write_vectored(task, parts);
        }
        self.out.reserve(size.max(ROOM.saturating_sub(self.out.len())));
        parts.iter().for_each(|part| self.out.extend_from_slice(part));
        Poll::Ready(Ok(size))
    }
}

impl<I: AsyncWrite + Unpin> Gathering<I> {
    /// Writes what was gathered, and flushes the socket.
    ///
    /// # Errors
    ///
    /// Those of the socket, which the connection gets, too, when it next writes.
    pub fn poll(&self, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        let mut both = lock(&self.0);
        if both.out.is_empty() {
            return Poll::Ready(both.sound());
        }
        ready!(both.drain(task))?;
        let flushed = ready!(Pin::new(&mut both.socket).poll_flush(task));
        Poll::Ready(flushed.inspect_err(|error| both.failed = Some(error.kind())))
    }
}

impl<I: AsyncRead + Unpin> Gathering<I> {
    /// Reads to the end of what the peer sends, and forgets it.
    pub async fn to_the_end(&self) {
        let mut unread = vec![0; LARGE];
        let mut read = poll_fn(|task| {
            let mut into = ReadBuf::new(&mut unread);
            let polled = Pin::new(&mut lock(&self.0).socket).poll_read(task, &mut into);
            polled.map(|outcome| outcome.is_ok() && !into.filled().is_empty())
        });
        while (&mut read).await {}
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Gathered<I> {
    fn poll_read(self: Pin<&mut Self>, task: &mut Task<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut lock(&self.0).socket).poll_read(task, out)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Gathered<I> {
    fn poll_write(self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        lock(&self.0).write(task, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Task<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        lock(&self.0).write(task, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(lock(&self.0).sound())
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        let mut both = lock(&self.0);
        ready!(both.drain(task))?;
        Pin::new(&mut both.socket).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn poll<I: AsyncWrite + Unpin>(out: &Gathering<I>) -> Poll<io::Result<()>> {
        out.poll(&mut Task::from_waker(std::task::Waker::noop()))
    }

    #[tokio::test]
    async fn what_a_turn_writes_goes_out_together() {
        let (near, mut far) = duplex(1 << 10);
        let (mut socket, out) = gather(near);
        socket.write_all(b"one ").await.unwrap();
        socket.flush().await.unwrap();
        socket.write_all(b"two").await.unwrap();
        let mut bytes = [0; 16];
        assert!(futures_util::FutureExt::now_or_never(far.read(&mut bytes)).is_none(), "nothing is written yet");
        assert!(matches!(poll(&out), Poll::Ready(Ok(()))));
        assert_eq!((far.read(&mut bytes).await.unwrap(), &bytes[..7]), (7, &b"one two"[..]));
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_waited_for() {
        let (near, mut far) = duplex(8);
        let (mut socket, out) = gather(near);
        socket.write_all(b"0123456789").await.unwrap();
        assert!(poll(&out).is_pending());
        let mut bytes = [0; 8];
        far.read_exact(&mut bytes).await.unwrap();
        assert!(matches!(poll(&out), Poll::Ready(Ok(()))));
        assert_eq!((far.read(&mut bytes).await.unwrap(), &bytes[..2]), (2, &b"89"[..]));
    }

    #[tokio::test]
    async fn no_more_is_gathered_than_the_bound() {
        let (near, _far) = duplex(8);
        let (mut socket, _out) = gather(near);
        let written = futures_util::FutureExt::now_or_never(socket.write_all(&[0; MOST + 9]));
        assert!(written.is_none());
        let (mut socket, _out) = gather(duplex(8).0);
        for _ in 0..MOST / 1024 {
            socket.write_all(&[0; 1024]).await.unwrap();
        }
        assert!(futures_util::FutureExt::now_or_never(socket.write_all(&[0])).is_none_or(|outcome| outcome.is_err()));
    }

    #[tokio::test]
    async fn a_failure_is_the_connections_to_see() {
        let (near, far) = duplex(8);
        let (mut socket, out) = gather(near);
        drop(far);
        socket.write_all(b"lost").await.unwrap();
        assert!(matches!(poll(&out), Poll::Ready(Err(_))));
        assert_eq!(socket.flush().await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
