//! TLS over a TCP connection.

use std::io;
use std::pin::Pin;

use rustls::ConnectionCommon;
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A connection after its handshake. Dropped, it tells the peer that it ends (`close_notify`), as far as the socket
/// takes that at once.
#[derive(Debug)]
pub(crate) struct Secure(pub(crate) Box<TlsStream<TcpStream>>);

impl Secure {
    pub(crate) fn tcp(&self) -> &TcpStream {
        self.0.get_ref().0
    }

    pub(crate) fn stream(&mut self) -> Pin<&mut TlsStream<TcpStream>> {
        Pin::new(&mut self.0)
    }
}

/// Writes to a socket what it takes without waiting.
struct Now<'a>(&'a TcpStream);

impl io::Write for Now<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends what is left and the end, as far as the socket takes it.
fn end<D>(tcp: &TcpStream, session: &mut ConnectionCommon<D>) {
    session.send_close_notify();
    while session.write_tls(&mut Now(tcp)).is_ok_and(|count| count > 0) {}
}

impl Drop for Secure {
    fn drop(&mut self) {
        match &mut *self.0 {
            TlsStream::Server(stream) => {
                let (tcp, session) = stream.get_mut();
                end(tcp, session);
            }
            TlsStream::Client(stream) => {
                let (tcp, session) = stream.get_mut();
                end(tcp, session);
            }
        }
    }
}
