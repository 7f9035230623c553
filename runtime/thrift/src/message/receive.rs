//! Reading from a connection into its messages.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::ready;
use std::{io, mem};

use tokio::io::AsyncReadExt;

use super::message_reader::MessageReader;
use kiteline_tls::Stream;

/// Reads once, into a buffer that is taken when there is something to read: who waits owns none.
/// Gives the number of bytes, 0 at the end of the stream. Not with `try_read`: after a `read` that
/// did not fill the buffer tokio knows that nothing is left, which saves the system call that would
/// find nothing the next time.
///
/// # Errors
/// Those of the connection.
pub fn receive(stream: &mut Stream, messages: &mut MessageReader) -> impl Future<Output = io::Result<usize>> {
    let mut waited = false;
    poll_fn(move |task| {
        // A task that was woken likely finds bytes: it reads without asking first.
        if !mem::replace(&mut waited, true) {
            ready!(stream.poll_read_ready(task))?;
        }
        // Polled and left, it has read everything or nothing.
        let read = pin!(stream.read_buf(messages.room())).poll(task);
        if read.is_pending() {
            messages.release();
        }
        read
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn who_waits_owns_no_buffer_also_when_woken_for_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = Stream::from(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut messages = MessageReader::new(1 << 20);
        for _ in 0..3 {
            let mut received = Box::pin(receive(&mut stream, &mut messages));
            for _ in 0..3 {
                assert!(poll_fn(|task| std::task::Poll::Ready(received.as_mut().poll(task).is_pending())).await);
            }
            drop(received);
            assert_eq!(messages.capacity(), 0);
        }
        let mut received = Box::pin(receive(&mut stream, &mut messages));
        assert!(poll_fn(|task| std::task::Poll::Ready(received.as_mut().poll(task).is_pending())).await);
        peer.write_all(b"four").await.unwrap();
        assert_eq!(received.await.unwrap(), 4);
        assert_eq!(messages.buffered(), 4);
    }
}
