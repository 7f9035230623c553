//! Random UUIDs, as ids of instances.

use std::hash::{BuildHasher, RandomState};

/// A UUID of version 4 (RFC 9562), of the randomness that the standard library keys its hash maps with: enough for ids that no two
/// servers share, not for a secret.
pub(super) fn random() -> String {
    let [high, low] = [0_u64, 1].map(|half| RandomState::new().hash_one(half));
    let (high, low) = (high & !0xf000 | 0x4000, low & !(3 << 62) | 2 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::random;

    #[test]
    fn every_one_is_another_of_version_4() {
        let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| random()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let parts: Vec<_> = id.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
            assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{id}");
            assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
        }
    }
}
