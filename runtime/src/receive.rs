//! Reading from a connection into its messages.

use std::future::poll_fn;
use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::thrift::Messages;

/// Reads once, into a buffer that is taken when there is something to read: who waits owns none.
/// Gives the number of bytes, 0 at the end of the stream. Not with `try_read`: after a `read` that
/// did not fill the buffer tokio knows that nothing is left, which saves the system call that would
/// find nothing the next time.
///
/// # Errors
/// Those of the connection.
pub(crate) async fn receive(stream: &mut TcpStream, messages: &mut Messages) -> io::Result<usize> {
    poll_fn(|task| stream.poll_read_ready(task)).await?;
    stream.read_buf(messages.room()).await
}
