//! Reading from a connection into its messages.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::ready;

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
pub(crate) fn receive(stream: &mut TcpStream, messages: &mut Messages) -> impl Future<Output = io::Result<usize>> {
    poll_fn(|task| {
        ready!(stream.poll_read_ready(task))?;
        // Polled and left, it has read everything or nothing.
        pin!(stream.read_buf(messages.room())).poll(task)
    })
}
