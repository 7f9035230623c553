//! The messages of a body that has envelopes, out of its chunks: unwrapped, and decompressed within a bound.

use bytes::Bytes;

use crate::compression::Encoding;
use crate::content::Protocol;
use crate::envelope::{COMPRESSED, END, Envelope, Envelopes, TRAILERS};
use crate::web::FromText;
use kiteline_core::error::{Code, Error, Origin};

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A message.
    Message(Bytes),
    /// How the call ended: gRPC-Web's trailers, Connect's JSON.
    End(Bytes),
}

/// A piece that may have to be decompressed.
#[derive(Clone, Debug)]
pub struct Packed {
    body: Bytes,
    encoding: Encoding,
    end: bool,
    most: usize,
}

impl Packed {
    /// Its bytes as they came, and whether they are compressed.
    pub fn size(&self) -> (usize, bool) {
        (self.body.len(), self.encoding.is_some())
    }

    /// What is in it.
    ///
    /// # Errors
    ///
    /// For one over the limit, and one that does not decompress.
    pub fn open(self) -> Result<Piece, Error> {
        let body = self.encoding.unpack(self.body, self.most)?;
        Ok(if self.end { Piece::End(body) } else { Piece::Message(body) })
    }
}

/// Reads one body.
#[derive(Debug)]
pub struct Frames {
    protocol: Protocol,
    encoding: Encoding,
    most: usize,
    envelopes: Envelopes,
    text: FromText,
}

impl Frames {
    /// Of messages of at most `most` bytes, compressed or not.
    pub fn new(protocol: Protocol, encoding: Encoding, most: usize) -> Self {
        Self { protocol, encoding, most, envelopes: Envelopes::new(most), text: FromText::default() }
    }

    /// Takes a chunk in.
    ///
    /// # Errors
    ///
    /// For what is not base64 where that is the protocol's.
    pub fn push(&mut self, chunk: Bytes) -> Result<(), Error> {
        let chunk = if self.protocol == Protocol::GrpcWebText { self.text.push(&chunk)? } else { chunk };
        self.envelopes.push(chunk);
        Ok(())
    }

    /// The next whole piece.
    ///
    /// # Errors
    ///
    /// For a message over the limit, one that does not decompress, and flags that nobody knows.
    pub fn take(&mut self) -> Result<Option<Piece>, Error> {
        self.take_packed()?.map(Packed::open).transpose()
    }

    /// The next whole piece, still compressed.
    ///
    /// # Errors
    ///
    /// As [`Frames::take`].
    pub fn take_packed(&mut self) -> Result<Option<Packed>, Error> {
        let Some(Envelope { flags, body }) = self.envelopes.take()? else { return Ok(None) };
        let end = match self.protocol {
            Protocol::GrpcWeb | Protocol::GrpcWebText => TRAILERS,
            Protocol::ConnectStream => END,
            Protocol::Grpc | Protocol::Connect | Protocol::Rest | Protocol::Micro => 0,
        };
        if flags & !(COMPRESSED | end) != 0 {
            return Err(broken(format!("an envelope with the flags {flags:#04x}")));
        }
        let encoding = match (flags & COMPRESSED != 0, self.encoding) {
            (false, _) => Encoding::Identity,
            (true, Encoding::Identity) => {
                return Err(broken("a compressed message without a header that says how".to_owned()));
            }
            (true, encoding) => encoding,
        };
        Ok(Some(Packed { body, encoding, end: flags & end != 0, most: self.most }))
    }

    /// How many bytes of the next message are here, and how many it has, as far as that is known.
    pub fn waiting(&self) -> (usize, usize) {
        self.envelopes.waiting()
    }

    /// Makes room for a next message of so many bytes.
    pub fn reserve(&mut self, whole: usize) {
        self.envelopes.reserve(whole);
    }

    /// Says that no other chunk comes.
    ///
    /// # Errors
    ///
    /// When the last message is not whole.
    pub fn finish(&self) -> Result<(), Error> {
        match self.envelopes.is_empty() && self.text.is_empty() {
            true => Ok(()),
            false => {
                let text = "the body ended within a message";
                Err(Error::new(Code::InvalidArgument, text).with_origin(Origin::Decode))
            }
        }
    }
}

#[cold]
fn broken(text: String) -> Error {
    Error::internal(text).with_origin(Origin::Decode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::seal;

    fn zip(bytes: &[u8]) -> Bytes {
        Encoding::Gzip.pack(Bytes::copy_from_slice(bytes)).1
    }

    fn read(protocol: Protocol, encoding: Encoding, wire: &[u8]) -> Result<Vec<Piece>, Error> {
        let (mut frames, mut found) = (Frames::new(protocol, encoding, 1000), Vec::new());
        frames.push(Bytes::copy_from_slice(wire))?;
        while let Some(piece) = frames.take()? {
            found.push(piece);
        }
        frames.finish()?;
        Ok(found)
    }

    #[test]
    fn messages_and_ends_are_told_apart() {
        let message = |text: &'static str| Piece::Message(text.into());
        let wire = [seal(0, b"a"), seal(1, &zip(b"b")), seal(1, b"")].concat();
        let read_all = read(Protocol::Grpc, Encoding::Gzip, &wire).unwrap();
        assert_eq!(read_all, [message("a"), message("b"), message("")]);
        let wire = [seal(0, b"a"), seal(0x80, b"x: y")].concat();
        let pieces = [message("a"), Piece::End("x: y".into())];
        assert_eq!(read(Protocol::GrpcWeb, Encoding::Identity, &wire).unwrap(), pieces);
        assert_eq!(read(Protocol::GrpcWebText, Encoding::Identity, &crate::web::to_text(&wire)).unwrap(), pieces);
        let end = [Piece::End("{}".into())];
        assert_eq!(read(Protocol::ConnectStream, Encoding::Gzip, &seal(3, &zip(b"{}"))).unwrap(), end);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let code = |protocol, encoding, wire: &[u8]| read(protocol, encoding, wire).unwrap_err().code();
        let grpc = |wire: &[u8]| code(Protocol::Grpc, Encoding::Gzip, wire);
        assert_eq!(grpc(&seal(0x80, b"x")), Code::Internal);
        assert_eq!(grpc(&seal(2, b"x")), Code::Internal);
        assert_eq!(grpc(&seal(1, b"x")), Code::InvalidArgument);
        assert_eq!(grpc(&seal(1, &zip(&[0; 1001]))), Code::ResourceExhausted);
        assert_eq!(grpc(&seal(0, &[0; 1001])), Code::ResourceExhausted);
        assert_eq!(grpc(&seal(0, b"abc")[..6]), Code::InvalidArgument);
        assert_eq!(code(Protocol::Grpc, Encoding::Identity, &seal(1, &zip(b"x"))), Code::Internal);
        assert_eq!(code(Protocol::GrpcWebText, Encoding::Identity, b"AAA"), Code::InvalidArgument);
    }
}
