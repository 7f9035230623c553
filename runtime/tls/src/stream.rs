//! A connection: plain TCP, or TLS.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

#[cfg(feature = "rustls")]
use crate::secure::Secure;

/// A connection whose bytes are read and written in plain; on the wire they may be TLS.
///
/// Over TLS, what is written is sent at the latest by a flush.
#[derive(Debug)]
pub struct Stream(Kind);

#[derive(Debug)]
enum Kind {
    Plain(TcpStream),
    #[cfg(feature = "rustls")]
    Secure(Secure),
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self(Kind::Plain(stream))
    }
}

impl Stream {
    #[cfg(feature = "rustls")]
    pub(crate) fn secure(stream: tokio_rustls::TlsStream<TcpStream>) -> Self {
        Self(Kind::Secure(Secure(Box::new(stream))))
    }

    /// Whether it is TLS.
    pub fn is_secure(&self) -> bool {
        !matches!(self.0, Kind::Plain(_))
    }

    /// The socket below.
    pub fn tcp(&self) -> &TcpStream {
        match &self.0 {
            Kind::Plain(stream) => stream,
            #[cfg(feature = "rustls")]
            Kind::Secure(stream) => stream.tcp(),
        }
    }

    /// Ready when it is worth to read. Over TLS it is always: what arrived is not what can be read.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub fn poll_read_ready(&self, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        match &self.0 {
            Kind::Plain(stream) => stream.poll_read_ready(task),
            #[cfg(feature = "rustls")]
            Kind::Secure(_) => Poll::Ready(Ok(())),
        }
    }

    /// Reads once behind what is there, with room for `room` more bytes; who waits with nothing owns no memory. Gives
    /// 0 at the end.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    pub fn read_more(&mut self, read: &mut BytesMut, room: usize) -> impl Future<Output = io::Result<usize>> {
        poll_fn(move |task| {
            ready!(self.poll_read_ready(task))?;
            read.reserve(room);
            let polled = std::pin::pin!(self.read_buf(read)).poll(task);
            if polled.is_pending() && read.is_empty() {
                *read = BytesMut::new();
            }
            polled
        })
    }

    /// Reads what is there already.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when nothing is, and those of the connection.
    pub fn try_read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Plain(stream) => stream.try_read(into),
            #[cfg(feature = "rustls")]
            Kind::Secure(_) => {
                // Also when the task has used up what tokio lets it do at once.
                let read = std::pin::pin!(tokio::task::unconstrained(self.read(into)));
                match read.poll(&mut Task::from_waker(std::task::Waker::noop())) {
                    Poll::Ready(read) => read,
                    Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
                }
            }
        }
    }

    /// Its two halves, for two tasks.
    pub fn into_split(self) -> (Reader, Writer) {
        match self.0 {
            Kind::Plain(stream) => {
                let (read, write) = stream.into_split();
                (Reader(Half::Plain(read)), Writer(Half::Plain(write)))
            }
            #[cfg(feature = "rustls")]
            Kind::Secure(stream) => {
                let (read, write) = tokio::io::split(Self(Kind::Secure(stream)));
                (Reader(Half::Secure(read)), Writer(Half::Secure(tokio::sync::Mutex::new(write))))
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Plain(stream) => Pin::new(stream).poll_read(task, into),
            #[cfg(feature = "rustls")]
            Kind::Secure(stream) => stream.stream().poll_read(task, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Kind::Plain(stream) => Pin::new(stream).poll_write(task, bytes),
            #[cfg(feature = "rustls")]
            Kind::Secure(stream) => stream.stream().poll_write(task, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Kind::Plain(stream) => Pin::new(stream).poll_write_vectored(task, parts),
            #[cfg(feature = "rustls")]
            Kind::Secure(stream) => stream.stream().poll_write_vectored(task, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Plain(stream) => Pin::new(stream).poll_flush(task),
            #[cfg(feature = "rustls")]
            Kind::Secure(stream) => stream.stream().poll_flush(task),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Plain(stream) => Pin::new(stream).poll_shutdown(task),
            #[cfg(feature = "rustls")]
            Kind::Secure(stream) => stream.stream().poll_shutdown(task),
        }
    }
}

#[derive(Debug)]
enum Half<P, S> {
    Plain(P),
    #[cfg_attr(not(feature = "rustls"), expect(dead_code, reason = "there is no TLS"))]
    Secure(S),
}

/// The half of a connection that reads.
#[derive(Debug)]
pub struct Reader(Half<OwnedReadHalf, tokio::io::ReadHalf<Stream>>);

impl AsyncRead for Reader {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Half::Plain(half) => Pin::new(half).poll_read(task, into),
            Half::Secure(half) => Pin::new(half).poll_read(task, into),
        }
    }
}

/// The half of a connection that writes; one task at a time uses it.
#[derive(Debug)]
pub struct Writer(Half<OwnedWriteHalf, tokio::sync::Mutex<tokio::io::WriteHalf<Stream>>>);

impl Writer {
    /// Writes what the connection takes at once. Over TLS that is nothing: [`Writer::write`] has to.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when it takes nothing now, and those of the connection.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Half::Plain(half) => half.try_write(bytes),
            Half::Secure(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Waits until the connection takes something, and writes that.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        use tokio::io::AsyncWriteExt;

        match &self.0 {
            Half::Plain(half) => loop {
                half.writable().await?;
                match half.try_write(bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    written => return written,
                }
            },
            Half::Secure(half) => {
                let mut half = half.lock().await;
                let count = half.write(bytes).await?;
                half.flush().await?;
                Ok(count)
            }
        }
    }
}
