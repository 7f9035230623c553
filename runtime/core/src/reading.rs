//! A connection of bytes whose reads go through something, and whose writes do not.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the reads of a connection go through.
pub trait Reads<S> {
    /// Reads from the connection, as its own `poll_read` does, or gives something else.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    fn poll_read(&mut self, from: Pin<&mut S>, task: &mut Task<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>>;
}

/// A connection, and what its reads go through.
#[derive(Debug)]
pub struct Reading<S, R> {
    connection: S,
    reads: R,
}

impl<S, R: Reads<S>> Reading<S, R> {
    /// The connection with its reads through `reads`.
    pub fn new(connection: S, reads: R) -> Self {
        Self { connection, reads }
    }
}

impl<S: Unpin, R: Reads<S> + Unpin> AsyncRead for Reading<S, R> {
    fn poll_read(self: Pin<&mut Self>, task: &mut Task<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { connection, reads } = self.get_mut();
        reads.poll_read(Pin::new(connection), task, into)
    }
}

impl<S: AsyncWrite + Unpin, R: Unpin> AsyncWrite for Reading<S, R> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(task, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(task, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(task)
    }
}
