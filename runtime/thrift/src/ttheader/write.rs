//! A header on its way out: its pairs are asked for once to be measured, and again for each section to be written.

use std::mem;

use bytes::BytesMut;

use super::{FIXED, Fixed, MAGIC, MAX_HEADER, MAX_PAIRS, Pair, TtHeaderError, section};

/// What can be written as a header. It says the same each time that it is asked.
pub trait Info {
    /// What stands before the pairs.
    fn fixed(&self) -> Fixed;

    /// Hands the pairs over: one token at most, then those of each section in the order in which they are written.
    fn each<'s>(&'s self, take: impl FnMut(Pair<'s, [u8]>));
}

/// What a header takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measure {
    /// Bytes of the sized part without its padding.
    body: usize,
    longest: usize,
    strings: usize,
    ints: usize,
    acl: bool,
}

impl Measure {
    fn text(&mut self, size: usize, text: &[u8]) {
        self.body += size + text.len();
        self.longest = self.longest.max(text.len());
    }

    /// Bytes of the sized part.
    fn padded(&self) -> usize {
        self.body.next_multiple_of(4)
    }

    /// Bytes between the length and the payload.
    pub fn size(&self) -> usize {
        FIXED + self.padded()
    }
}

/// Measures a header, whatever its size.
#[inline]
pub(super) fn count(info: &impl Info) -> Measure {
    let mut measure = Measure { body: 2, ..Measure::default() };
    info.each(|pair| match pair {
        Pair::Text(key, value) => {
            measure.text(if measure.strings == 0 { 5 } else { 2 }, key);
            measure.text(2, value);
            measure.strings += 1;
        }
        Pair::Int(_, value) => {
            measure.text(if measure.ints == 0 { 7 } else { 4 }, value);
            measure.ints += 1;
        }
        Pair::Acl(token) => {
            measure.text(3, token);
            measure.acl = true;
        }
    });
    measure
}

/// Measures a header that a reader with the same limits could read.
///
/// # Errors
///
/// [`TtHeaderError::Size`], [`TtHeaderError::Pairs`], [`TtHeaderError::Text`].
#[inline]
pub fn measure(info: &impl Info) -> Result<Measure, TtHeaderError> {
    let measure = count(info);
    if measure.ints + measure.strings > MAX_PAIRS {
        return Err(TtHeaderError::Pairs);
    }
    if measure.longest > usize::from(u16::MAX) {
        return Err(TtHeaderError::Text(measure.longest));
    }
    // Kitex's limit is one byte below ours.
    if measure.padded() > MAX_HEADER - 4 {
        return Err(TtHeaderError::Size(measure.padded()));
    }
    Ok(measure)
}

/// Writes all of a measured header but the length in front.
pub(super) fn write(info: &impl Info, measure: &Measure, out: &mut BytesMut) {
    put(info, measure, &mut Room::behind(out, measure.size()));
}

/// Writes a header into the room for it.
#[inline]
pub(crate) fn put(info: &impl Info, measure: &Measure, room: &mut Room<'_>) {
    let (here, rest) = mem::take(&mut room.0).split_at_mut_checked(measure.size()).unwrap_or_default();
    room.0 = rest;
    fill(info, measure, &mut Room(here));
}

/// Writes over the zeros of the room; those that are left are the padding.
#[inline]
fn fill(info: &impl Info, measure: &Measure, room: &mut Room<'_>) {
    let Fixed { flags, seq, protocol } = info.fixed();
    room.put(MAGIC.to_be_bytes());
    room.put(flags.to_be_bytes());
    room.put(seq.to_be_bytes());
    room.put(short(measure.padded() / 4));
    room.put([protocol, 0]);
    if measure.acl {
        info.each(|pair| {
            if let Pair::Acl(token) = pair {
                room.put([section::ACL]);
                room.text(token);
            }
        });
    }
    if measure.strings > 0 {
        room.begin(section::STRINGS, measure.strings);
        info.each(|pair| {
            if let Pair::Text(key, value) = pair {
                room.text(key);
                room.text(value);
            }
        });
    }
    if measure.ints > 0 {
        room.begin(section::INTS, measure.ints);
        info.each(|pair| {
            if let Pair::Int(key, value) = pair {
                room.put(key.to_be_bytes());
                room.text(value);
            }
        });
    }
}

/// What [`measure`] has checked.
fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

/// The bytes that are not written yet. What has no room is left out: it was not measured.
pub(crate) struct Room<'o>(&'o mut [u8]);

impl<'o> Room<'o> {
    /// So many bytes behind what is written.
    #[inline]
    pub(crate) fn behind(out: &'o mut BytesMut, size: usize) -> Self {
        let start = out.len();
        out.resize(start + size, section::PADDING);
        Self(out.get_mut(start..).unwrap_or_default())
    }

    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some((head, rest)) = mem::take(&mut self.0).split_first_chunk_mut() {
            *head = bytes;
            self.0 = rest;
        }
    }

    #[inline]
    fn text(&mut self, text: &[u8]) {
        self.put(short(text.len()));
        if let Some((head, rest)) = mem::take(&mut self.0).split_at_mut_checked(text.len()) {
            head.copy_from_slice(text);
            self.0 = rest;
        }
    }

    #[inline]
    fn begin(&mut self, section: u8, pairs: usize) {
        let [high, low] = short(pairs);
        self.put([section, high, low]);
    }
}
