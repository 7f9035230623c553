//! Envelopes: a byte of flags and four of length in front of each message, read out of chunks that may
//! be cut anywhere.

use bytes::{Buf, Bytes, BytesMut};

use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::malloc;

/// The message is compressed.
pub const COMPRESSED: u8 = 1;
/// The envelope says how a stream of Connect's ended.
pub const END: u8 = 2;
/// The envelope holds the trailers of gRPC-Web.
pub const TRAILERS: u8 = 0x80;

/// Bytes in front of a message.
const HEAD: usize = 5;

/// From this size on a message goes behind its envelope, not in it.
const APART: usize = 64 << 10;

/// Below this size a message is copied into its envelope when it is handed over.
const LATER: usize = 4 << 10;

/// One envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// [`COMPRESSED`], [`END`], [`TRAILERS`], and what nobody knows.
    pub flags: u8,
    /// The message inside.
    pub body: Bytes,
}

/// Reads envelopes. Of a message over the limit nothing is kept.
#[derive(Debug)]
pub struct Envelopes {
    /// What came and was not given out: the chunk that it came in, where that has whole messages.
    chunk: Bytes,
    /// The same over several chunks, or the beginning of a message.
    buffer: BytesMut,
    most: usize,
}

impl Envelopes {
    /// For messages of at most `most` bytes on the wire.
    pub fn new(most: usize) -> Self {
        Self { chunk: Bytes::new(), buffer: BytesMut::new(), most }
    }

    /// Takes a chunk in.
    pub fn push(&mut self, chunk: Bytes) {
        if self.buffer.is_empty() && self.chunk.is_empty() {
            self.chunk = chunk;
            return;
        }
        if self.buffer.is_empty() {
            self.buffer.extend_from_slice(&std::mem::take(&mut self.chunk));
        }
        self.buffer.extend_from_slice(&chunk);
    }

    /// The next whole envelope.
    ///
    /// # Errors
    ///
    /// [`Code::ResourceExhausted`] as soon as the length of one is over the limit.
    pub fn take(&mut self) -> Result<Option<Envelope>, Error> {
        let waiting = if self.buffer.is_empty() { &self.chunk[..] } else { &self.buffer[..] };
        let Some((&[flags, ref length @ ..], rest)) = waiting.split_first_chunk::<HEAD>() else {
            self.gather();
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if length > self.most {
            return Err(over(length, self.most));
        }
        if rest.len() < length {
            self.gather();
            return Ok(None);
        }
        let body = if self.buffer.is_empty() {
            self.chunk.advance(HEAD);
            self.chunk.split_to(length)
        } else {
            self.buffer.advance(HEAD);
            self.buffer.split_to(length).freeze()
        };
        Ok(Some(Envelope { flags, body }))
    }

    /// Copies the beginning of a message that is not whole: the chunk may keep much more than itself in memory.
    fn gather(&mut self) {
        self.buffer.extend_from_slice(&std::mem::take(&mut self.chunk));
    }

    /// Makes room for a message of so many bytes that is to come, which its envelope says.
    pub fn reserve(&mut self, whole: usize) {
        if whole > self.buffer.capacity() {
            self.buffer.reserve(malloc::room(whole) - self.buffer.len());
        }
    }

    /// How many bytes of the next envelope are here, and how many it has, as far as that is known.
    pub fn waiting(&self) -> (usize, usize) {
        let waiting = if self.buffer.is_empty() { &self.chunk[..] } else { &self.buffer[..] };
        let length = waiting.first_chunk::<HEAD>().map_or(0, |[_, length @ ..]| u32::from_be_bytes(*length) as usize);
        (waiting.len(), length.saturating_add(HEAD).max(waiting.len()))
    }

    /// Whether everything that came was given out.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.chunk.is_empty()
    }
}

/// The error of a message that is too long.
#[cold]
pub fn over(length: usize, most: usize) -> Error {
    let text = format!("a message of {length} bytes is over the limit of {most}");
    Error::new(Code::ResourceExhausted, text).with_origin(Origin::Decode)
}

/// What stands in front of a message.
fn head(flags: u8, length: usize) -> [u8; HEAD] {
    // Bodies are at most 4 GiB: see `grpc::body`.
    let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [flags, a, b, c, d]
}

/// A message in its envelope, or behind it where it is not worth to be copied, or is copied later.
#[derive(Clone, Debug, Default)]
pub struct Sealed {
    /// The envelope; `None` where the message is in it.
    head: Option<[u8; HEAD]>,
    body: Bytes,
}

impl Sealed {
    /// Seals a message, and copies it only where it is neither small, for that is done once it is known what it is sent
    /// with, nor large.
    pub fn new(flags: u8, message: Bytes) -> Self {
        if (LATER..APART).contains(&message.len()) {
            return Self::from(seal(flags, &message));
        }
        Self { head: Some(head(flags, message.len())), body: message }
    }

    /// All of its bytes.
    pub fn len(&self) -> usize {
        self.head.map_or(0, |head| head.len()) + self.body.len()
    }

    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is in one piece.
    pub fn is_one(&self) -> bool {
        self.head.is_none()
    }

    /// The next bytes of it, at most so many.
    pub fn part(&mut self, most: usize) -> Bytes {
        if self.body.len() < LATER {
            self.body = std::mem::take(self).into_bytes();
        }
        if let Some(head) = self.head.take() {
            return Bytes::copy_from_slice(&head);
        }
        self.body.split_to(self.body.len().min(most))
    }

    /// Writes all of it behind others.
    pub fn append_to(&self, out: &mut BytesMut) {
        out.extend_from_slice(self.head.as_ref().map_or(&[], |head| &head[..]));
        out.extend_from_slice(&self.body);
    }

    /// The same with a change of what holds the message.
    ///
    /// # Errors
    ///
    /// That of the change.
    pub fn try_map<E>(self, change: impl FnOnce(Bytes) -> Result<Bytes, E>) -> Result<Self, E> {
        Ok(Self { body: change(self.body)?, ..self })
    }

    /// In one piece.
    pub fn into_bytes(self) -> Bytes {
        match self.head {
            None => self.body,
            Some(_) => {
                let mut out = BytesMut::with_capacity(malloc::room(self.len()));
                self.append_to(&mut out);
                out.freeze()
            }
        }
    }
}

impl From<Bytes> for Sealed {
    fn from(body: Bytes) -> Self {
        Self { head: None, body }
    }
}

/// A message in its envelope.
pub fn seal(flags: u8, body: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(malloc::room(HEAD + body.len()));
    out.extend_from_slice(&head(flags, body.len()));
    out.extend_from_slice(body);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_come_out_of_any_chunks() {
        let wire = [seal(0, b"one"), seal(1, b""), seal(0x80, &[7; 300])].concat();
        for size in 1..wire.len() {
            let (mut reader, mut found) = (Envelopes::new(300), Vec::new());
            for chunk in wire.chunks(size) {
                reader.push(Bytes::copy_from_slice(chunk));
                while let Some(envelope) = reader.take().unwrap() {
                    found.push((envelope.flags, envelope.body.len()));
                }
            }
            assert_eq!(found, [(0, 3), (1, 0), (0x80, 300)], "{size}");
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn a_length_over_the_limit_is_refused_before_its_bytes_come() {
        let mut reader = Envelopes::new(1 << 20);
        reader.push(Bytes::from_static(&[0, 0xff, 0xff, 0xff]));
        assert_eq!(reader.take().unwrap(), None);
        reader.push(Bytes::from_static(&[0xff]));
        let error = reader.take().unwrap_err();
        assert_eq!((error.code(), error.origin()), (Code::ResourceExhausted, Origin::Decode));
    }
}
