//! gzip (RFC 1952), with a bound on what comes out.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::envelope::over;
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
}

impl Encoding {
    /// The compression that a header names; `None` for one that is not understood.
    pub fn read(name: &str) -> Option<Self> {
        match name.trim() {
            "" | "identity" => Some(Self::Identity),
            "gzip" => Some(Self::Gzip),
            _ => None,
        }
    }

    /// The name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
        }
    }

    /// Whether a list of names, as it stands in a header, has this one.
    pub fn is_in(self, names: &str) -> bool {
        names.split(',').any(|name| name.split(';').next().unwrap_or_default().trim() == self.name())
    }
}

/// The names of all compressions that are understood.
pub const ENCODINGS: &str = "gzip, identity";

/// The bytes that were compressed; what is over `most` is never held.
///
/// # Errors
///
/// [`Code::ResourceExhausted`] over the limit, [`Code::InvalidArgument`] for what is not gzip.
pub fn unzip(bytes: &[u8], most: usize) -> Result<Bytes, Error> {
    let limit = most.saturating_add(1);
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(2).min(limit).min(64 << 10));
    let mut decoder = MultiGzDecoder::new(bytes);
    loop {
        let room = out.capacity().min(limit) - out.len();
        let read = decoder.by_ref().take(u64::try_from(room).unwrap_or(u64::MAX)).read_to_end(&mut out);
        let read = read.map_err(|error| {
            let text = format!("a message that does not decompress: {error}");
            Error::new(Code::InvalidArgument, text).with_origin(Origin::Decode)
        })?;
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

/// Compresses, quickly.
pub fn zip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2 + 32), Compression::fast());
    // Into memory: it cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        for size in [0, 1, 1000, 100_000] {
            let bytes = vec![b'a'; size];
            assert_eq!(unzip(&zip(&bytes), size).unwrap(), bytes);
        }
        // Several members are one text.
        let two = [zip(b"one "), zip(b"two")].concat();
        assert_eq!(unzip(&two, 100).unwrap(), "one two");
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = zip(&vec![0; 10 << 20]);
        assert!(bomb.len() < 100 << 10);
        assert_eq!(unzip(&bomb, 1 << 20).unwrap_err().code(), Code::ResourceExhausted);
        assert_eq!(unzip(&bomb, (10 << 20) - 1).unwrap_err().code(), Code::ResourceExhausted);
        assert!(unzip(&bomb, 10 << 20).is_ok());
    }

    #[test]
    fn what_is_no_gzip_is_the_peer_s_fault() {
        for bad in [&b""[..], b"x", &zip(b"hello")[..15]] {
            let error = unzip(bad, 100).unwrap_err();
            assert_eq!((error.code(), error.origin()), (Code::InvalidArgument, Origin::Decode));
        }
    }

    #[test]
    fn lists_of_names_are_read() {
        assert!(Encoding::Gzip.is_in("br, gzip;q=0.5"));
        assert!(!Encoding::Gzip.is_in("br,xgzip"));
        assert_eq!([Encoding::read("gzip"), Encoding::read("br")], [Some(Encoding::Gzip), None]);
    }
}
