//! Compressions of messages, with a bound on what comes out: gzip (RFC 1952), and zstd (RFC 8878) by a feature.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::envelope::{COMPRESSED, over};
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::malloc;

/// How messages are compressed on a wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    /// gzip.
    Gzip,
    /// zstd.
    #[cfg(feature = "zstd")]
    Zstd,
}

/// The names of all compressions that are understood.
pub const ENCODINGS: &str = if cfg!(feature = "zstd") { "zstd, gzip, identity" } else { "gzip, identity" };

/// The most that a message of zstd may look back: what RFC 8878 (section 3.1.1.1.2) asks of a decoder.
#[cfg(feature = "zstd")]
const WINDOW: u32 = 23;

impl Encoding {
    /// All of them, which other sides know by their names.
    const ALL: &[Self] = &[
        Self::Identity,
        Self::Gzip,
        #[cfg(feature = "zstd")]
        Self::Zstd,
    ];

    /// The compression that a header names; `None` for one that is not understood.
    pub fn read(name: &str) -> Option<Self> {
        match name.trim() {
            "" => Some(Self::Identity),
            name => Self::ALL.iter().copied().find(|encoding| encoding.name() == name),
        }
    }

    /// The name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            #[cfg(feature = "zstd")]
            Self::Zstd => "zstd",
        }
    }

    /// Whether messages are changed by it.
    pub fn is_some(self) -> bool {
        self != Self::Identity
    }

    /// Whether a list of names, as it stands in a header, has this one.
    pub fn is_in(self, names: &str) -> bool {
        names.split(',').any(|name| name.split(';').next().unwrap_or_default().trim() == self.name())
    }

    /// Those of a list of names, as bits of which each knows its own by [`Encoding::is_of`].
    pub(crate) fn bits(names: &str) -> u8 {
        Self::ALL.iter().filter(|encoding| encoding.is_in(names)).map(|encoding| 1 << *encoding as u8).sum()
    }

    pub(crate) fn is_of(self, bits: u8) -> bool {
        bits & 1 << self as u8 != 0
    }

    /// Compresses a message, quickly; gives the flags of its envelope beside it.
    pub fn pack(self, message: Bytes) -> (u8, Bytes) {
        match self {
            Self::Identity => (0, message),
            Self::Gzip => (COMPRESSED, gzip(&message)),
            // Into memory: it cannot fail.
            #[cfg(feature = "zstd")]
            Self::Zstd => (COMPRESSED, zstd::bulk::compress(&message, 1).unwrap_or_default().into()),
        }
    }

    /// The message that was compressed; what is over `most` bytes is never held. Nothing is nothing, whatever the
    /// compression.
    ///
    /// # Errors
    ///
    /// [`Code::ResourceExhausted`] over the limit, [`Code::InvalidArgument`] for what does not decompress.
    pub fn unpack(self, bytes: Bytes, most: usize) -> Result<Bytes, Error> {
        match self {
            _ if bytes.is_empty() => Ok(bytes),
            Self::Identity if bytes.len() > most => Err(over(bytes.len(), most)),
            Self::Identity => Ok(bytes),
            Self::Gzip => read_all(MultiGzDecoder::new(&bytes[..]), bytes.len(), most),
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(&bytes[..]).map_err(|error| bad(&error))?;
                decoder.window_log_max(WINDOW).map_err(|error| bad(&error))?;
                read_all(decoder, bytes.len(), most)
            }
        }
    }
}

#[cold]
fn bad(error: &std::io::Error) -> Error {
    let text = format!("a message that does not decompress: {error}");
    Error::new(Code::InvalidArgument, text).with_origin(Origin::Decode)
}

fn read_all(mut decoder: impl Read, size: usize, most: usize) -> Result<Bytes, Error> {
    let limit = most.saturating_add(1);
    let mut out = Vec::with_capacity(size.saturating_mul(2).min(limit).min(64 << 10));
    loop {
        let room = out.capacity().min(limit) - out.len();
        let read = decoder.by_ref().take(u64::try_from(room).unwrap_or(u64::MAX)).read_to_end(&mut out);
        let read = read.map_err(|error| bad(&error))?;
        if read < room || out.len() >= limit {
            break;
        }
        // Never more than what may come out.
        let size = malloc::room(out.len().saturating_mul(2).max(1 << 10)).min(malloc::room(limit));
        out.reserve_exact(size - out.len());
    }
    if out.len() > most {
        return Err(over(out.len(), most));
    }
    Ok(out.into())
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2 + 32), Compression::fast());
    // Into memory: it cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(encoding: Encoding, bytes: &[u8]) -> Bytes {
        encoding.pack(Bytes::copy_from_slice(bytes)).1
    }

    #[test]
    fn what_is_compressed_comes_back() {
        for encoding in Encoding::ALL {
            for size in [0, 1, 1000, 100_000, 3_000_000] {
                let bytes = vec![b'a'; size];
                let (flags, message) = encoding.pack(bytes.clone().into());
                assert_eq!(flags == COMPRESSED, encoding.is_some());
                assert_eq!(encoding.unpack(message, size).unwrap(), bytes);
            }
            // Several members are one text.
            let two = [packed(*encoding, b"one "), packed(*encoding, b"two")].concat();
            assert_eq!(encoding.unpack(two.into(), 100).unwrap(), "one two");
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        for encoding in &Encoding::ALL[1..] {
            let bomb = packed(*encoding, &vec![0; 10 << 20]);
            assert!(bomb.len() < 100 << 10);
            let code = |most| encoding.unpack(bomb.clone(), most).unwrap_err().code();
            assert_eq!([code(1 << 20), code((10 << 20) - 1)], [Code::ResourceExhausted; 2]);
            assert!(encoding.unpack(bomb.clone(), 10 << 20).is_ok());
        }
        assert_eq!(Encoding::Identity.unpack("12".into(), 1).unwrap_err().code(), Code::ResourceExhausted);
    }

    #[test]
    fn what_does_not_decompress_is_the_peer_s_fault() {
        for encoding in &Encoding::ALL[1..] {
            for bad in [Bytes::from("x"), packed(*encoding, &[7; 100]).slice(..12)] {
                let error = encoding.unpack(bad, 100).unwrap_err();
                assert_eq!((error.code(), error.origin()), (Code::InvalidArgument, Origin::Decode));
            }
        }
    }

    /// A frame of zstd that says it looks back 128 MiB takes no memory for that.
    #[cfg(feature = "zstd")]
    #[test]
    fn a_window_that_is_too_wide_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&[7; 100]).unwrap();
        let error = Encoding::Zstd.unpack(encoder.finish().unwrap().into(), 1 << 20).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
    }

    #[test]
    fn lists_of_names_are_read() {
        assert!(Encoding::Gzip.is_in("br, gzip;q=0.5"));
        assert!(!Encoding::Gzip.is_in("br,xgzip"));
        assert_eq!([Encoding::read("gzip"), Encoding::read("br")], [Some(Encoding::Gzip), None]);
        assert_eq!([Encoding::read(""), Encoding::read("identity")], [Some(Encoding::Identity); 2]);
    }
}
