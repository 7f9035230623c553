//! What a certificate says of who has it.

use kiteline_core::certificate::PeerCertificate;
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_ID: u8 = 0x06;
/// `id-at-commonName`, 2.5.4.3 (RFC 5280, appendix A).
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// Reads a certificate that a handshake has verified.
pub(crate) fn read(der: &CertificateDer<'_>) -> PeerCertificate {
    let (mut common_name, mut names) = (None, Vec::new());
    if let Ok(parsed) = EndEntityCert::try_from(der) {
        common_name = common_name_of(parsed.subject());
        names.extend(parsed.valid_dns_names().chain(parsed.valid_uri_names()).map(str::to_owned));
    }
    PeerCertificate::new(der.to_vec(), common_name, names)
}

/// Splits DER's next element into its tag, its content and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The elements of a content, as far as they can be read.
fn elements(mut der: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = element(der)?;
        der = rest;
        Some((tag, content))
    })
}

/// The common name in a subject: sets of pairs of an id and a text.
fn common_name_of(subject: &[u8]) -> Option<String> {
    let sets = elements(subject).filter(|(tag, _)| *tag == SET);
    let pairs = sets.flat_map(|(_, set)| elements(set)).filter(|(tag, _)| *tag == SEQUENCE);
    let texts = pairs.filter_map(|(_, pair)| {
        let (OBJECT_ID, COMMON_NAME, text) = element(pair)? else { return None };
        std::str::from_utf8(element(text)?.1).ok()
    });
    texts.last().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_common_name_of_a_subject_is_read() {
        let pair = |id: u8, text: &str| {
            let mut pair = vec![OBJECT_ID, 3, 0x55, 0x04, id, 0x0c, text.len() as u8];
            pair.extend_from_slice(text.as_bytes());
            let mut set = vec![SET, pair.len() as u8 + 2, SEQUENCE, pair.len() as u8];
            set.append(&mut pair);
            set
        };
        let subject = [pair(10, "Kites"), pair(3, "one"), pair(3, "two")].concat();
        assert_eq!(common_name_of(&subject).as_deref(), Some("two"));
        assert_eq!(common_name_of(&pair(10, "Kites")), None);
        // Cut anywhere, it is no panic.
        for end in 0..subject.len() {
            let cut = subject.get(..end).unwrap_or_default();
            assert!(common_name_of(cut).is_none_or(|name| name == "one"), "{end}");
        }
        for wrong in [&[0x31, 0x84, 1, 1, 1, 1][..], &[0x31, 0x83, 0xff, 0xff, 0xff], &[0x31, 0x80]] {
            assert_eq!(common_name_of(wrong), None);
        }
    }
}
