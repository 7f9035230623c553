//! `:authority` of clients in Go, which may be anything: several addresses, a path, an escaped one. HTTP/2 here wants what
//! RFC 3986 calls an authority, and refuses the stream otherwise.
//!
//! A block of headers (HPACK, RFC 7541) is read as far as it takes to find the value, and written again with another
//! one that is as long: the tables of both sides, which count bytes, stay equal.

use http::uri::Authority;

/// Symbols of the Huffman code by the length of their codes (RFC 7541, appendix B). The codes are canonical: those of a
/// length follow each other, in the order of their symbols, and those that are longer follow them.
const SYMBOLS: [(u32, &[u8]); 21] = [
    (5, b"012aceiost"),
    (6, b" %-./3456789=A_bdfghlmnpru"),
    (7, b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, b"&*,;XZ"),
    (10, b"!\"()?"),
    (11, b"'+|"),
    (12, b"#>"),
    (13, b"\x00$@[]~"),
    (14, b"^}"),
    (15, b"<`{"),
    (19, b"\\\xc3\xd0"),
    (20, b"\x80\x82\x83\xa2\xb8\xc2\xe0\xe2"),
    (21, b"\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9\xe3\xe5\xe6"),
    (
        22,
        b"\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\xad\xb2\xb5\xb9\xba\xbb\xbd\xbe\xc4\xc6\xe4\xe8\xe9",
    ),
    (
        23,
        b"\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\x9e\xa5\xa6\xa8\xae\xaf\xb4\xb6\xb7\xbc\xbf\xc5\xe7\xef",
    ),
    (24, b"\x09\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec\xed"),
    (25, b"\xc7\xcf\xea\xeb"),
    (26, b"\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff"),
    (27, b"\xcb\xcc\xd3\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe"),
    (
        28,
        b"\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\xdc\xf9",
    ),
    (30, b"\x0a\x0d\x16"),
];

/// The number of `:authority` in the static table (RFC 7541, appendix A).
const AUTHORITY: usize = 1;
/// Longer values are nobody's address.
const MOST: usize = 1 << 10;

/// A block whose `:authority` is a valid one of the same length; `None` where it is valid, is not spelled out, or cannot
/// be read.
pub fn mended(block: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Rest(block);
    while let Some(&first) = rest.0.first() {
        // RFC 7541, section 6: indexed, a new size of the table, and literals of three kinds.
        match first {
            0x80.. => drop(rest.number(7)?),
            0x20..0x40 => drop(rest.number(5)?),
            _ => {
                let bits = if first >= 0x40 { 6 } else { 4 };
                let is_authority = match rest.number(bits)? {
                    0 => rest.text()?.decoded()? == b":authority",
                    name => name == AUTHORITY,
                };
                let before = block.len() - rest.0.len();
                let value = rest.text()?;
                if is_authority {
                    let value = value.decoded()?;
                    return Some([block.get(..before)?, &spelled(&value), rest.0].concat()).filter(|_| is_bad(&value));
                }
            }
        }
    }
    None
}

fn is_bad(value: &[u8]) -> bool {
    !value.is_empty() && value.len() <= MOST && Authority::try_from(value).is_err()
}

/// A valid value of the same length, without Huffman's code.
fn spelled(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 3);
    let length = value.len();
    match length.checked_sub(127) {
        None => out.push(u8::try_from(length).unwrap_or_default()),
        Some(mut rest) => {
            out.push(127);
            while rest >= 128 {
                out.push(u8::try_from(rest % 128).unwrap_or_default() | 128);
                rest /= 128;
            }
            out.push(u8::try_from(rest).unwrap_or_default());
        }
    }
    let valid = |byte: &u8| if byte.is_ascii_alphanumeric() || *byte == b'.' { *byte } else { b'-' };
    out.extend(value.iter().map(valid));
    out
}

/// A text as it stands in a block.
struct Text<'a> {
    coded: bool,
    bytes: &'a [u8],
}

impl Text<'_> {
    fn decoded(&self) -> Option<Vec<u8>> {
        if self.coded { huffman(self.bytes) } else { Some(self.bytes.to_vec()) }
    }
}

/// What is left of a block.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// A number whose first bits are in a byte with something else (RFC 7541, section 5.1).
    fn number(&mut self, bits: u32) -> Option<usize> {
        let (first, mut rest) = self.0.split_first()?;
        let most = (1_usize << bits) - 1;
        let mut number = usize::from(*first) & most;
        if number == most {
            for shift in [0, 7, 14] {
                let (next, behind) = rest.split_first()?;
                rest = behind;
                number += usize::from(next & 127) << shift;
                if *next < 128 {
                    self.0 = rest;
                    return Some(number);
                }
            }
            return None;
        }
        self.0 = rest;
        Some(number)
    }

    fn text(&mut self) -> Option<Text<'a>> {
        let coded = self.0.first()? & 0x80 != 0;
        let length = self.number(7)?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Text { coded, bytes })
    }
}

/// Decodes Huffman's code; `None` for what is too long or not of it. What is left of the last byte is not looked at.
fn huffman(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut code, mut length) = (Vec::new(), 0_u32, 0);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| u32::from(byte >> at & 1))) {
        (code, length) = (code << 1 | bit, length + 1);
        if let Some(symbol) = symbol(code, length) {
            out.push(symbol);
            (code, length) = (0, 0);
        } else if length >= 30 || out.len() > MOST {
            return None;
        }
    }
    Some(out)
}

fn symbol(code: u32, length: u32) -> Option<u8> {
    let (mut first, mut of) = (0_u32, 0);
    for (bits, symbols) in SYMBOLS {
        first <<= bits - of;
        if bits == length {
            return symbols.get(usize::try_from(code.checked_sub(first)?).ok()?).copied();
        }
        first += u32::try_from(symbols.len()).ok()?;
        of = bits;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7541, appendix C.4.1.
    #[test]
    fn the_code_of_huffman_is_the_rfc_s() {
        let coded = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(huffman(&coded).unwrap(), b"www.example.com");
        assert_eq!(SYMBOLS.iter().map(|(_, symbols)| symbols.len()).sum::<usize>(), 256);
        // 0x0a has a code of 30 bits, the last but three.
        assert_eq!(huffman(&[0xff, 0xff, 0xff, 0xf3]).unwrap(), [0x0a]);
        assert_eq!(huffman(&[0xff; 5]), None);
    }

    fn block(value: &[u8]) -> Vec<u8> {
        [&[0x83, 0x41, u8::try_from(value.len()).unwrap()][..], value, &[0x86]].concat()
    }

    #[test]
    fn what_is_no_authority_is_replaced_by_one_of_its_length() {
        for (bad, good) in [
            (&b"127.0.0.1:2379,127.0.0.1:2380"[..], &b"127.0.0.1-2379-127.0.0.1-2380"[..]),
            (b"a/b", b"a-b"),
            ("größe".as_bytes(), b"gr----e"),
            (b"a b", b"a-b"),
            (b"foo%2Fbar", b"foo-2Fbar"),
        ] {
            assert_eq!(mended(&block(bad)).unwrap(), block(good));
        }
        for good in [&b"127.0.0.1:2379"[..], b"[::1]:80", b"greeter", b""] {
            assert_eq!(mended(&block(good)), None, "{good:?}");
        }
        // The name as a text, and the value in Huffman's code: "a/b".
        let spelled_out = [&[0x00, 10][..], b":authority", &[0x83, 0x1b, 0x11, 0xff]].concat();
        assert_eq!(mended(&spelled_out).unwrap(), [&[0x00, 10][..], b":authority", &[3], b"a-b"].concat());
        let long = vec![b'/'; 300];
        let value = [&[0x41, 127, 0xad, 1][..], &long].concat();
        assert_eq!(mended(&value).unwrap(), [&[0x41, 127, 0xad, 1][..], &[b'-'; 300]].concat());
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        for broken in
            [&[0x41][..], &[0x41, 5, b'a'], &[0xff, 0xff, 0xff, 0xff, 0xff], &[0x00, 0x7f], &[0x41, 0x81, 0xff]]
        {
            assert_eq!(mended(broken), None, "{broken:?}");
        }
        assert_eq!(mended(&[]), None);
    }
}
