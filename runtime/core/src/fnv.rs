//! FNV-1a with 64 bits (RFC 9923): short keys are hashed in a fraction of the time that a keyed hash
//! takes, and alike in every process. Not for keys that others choose: they can make them clash.

use std::hash::Hasher;

/// The hash of bytes.
pub fn fnv(bytes: &[u8]) -> u64 {
    let mut hasher = Fnv::default();
    hasher.write(bytes);
    hasher.finish()
}

/// FNV-1a as a hasher of tables.
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A hash of bytes that is the same in every process and version: FNV-1a, then mixed.
pub fn hash_of(bytes: &[u8]) -> u64 {
    mix(fnv(bytes))
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): near numbers become unlike ones.
pub fn mix(number: u64) -> u64 {
    let one = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let two = (one ^ (one >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    two ^ (two >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of its authors.
    #[test]
    fn the_vectors_of_its_authors() {
        for (text, hash) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(fnv(text.as_bytes()), hash, "{text}");
        }
    }
}
