//! The messages of `google.protobuf` that have forms of their own in JSON.

mod any;
mod civil;
mod duration;
mod field_mask;
mod structure;
mod timestamp;

use crate::{Object, Read, Reader, Value, Writer};

/// `google.protobuf.Empty`, an object without fields.
impl Value for () {
    fn write(&self, out: &mut Writer) {
        out.pairs([(); 0], |_, ()| {});
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        input.message(&mut Nothing)
    }
}

/// A message without fields.
struct Nothing;

impl crate::Message for Nothing {
    fn fields(&self) -> &'static crate::Fields {
        static FIELDS: crate::Fields = crate::Fields::new(&[]);
        &FIELDS
    }

    fn write(&self, _: &mut Object<'_>) {}

    fn read(&mut self, _: usize, input: &mut Reader<'_>) -> Read {
        input.skip()
    }
}

/// The digits behind the point of a second: none, three, six or nine.
fn fraction(nanos: u32) -> String {
    match nanos {
        0 => String::new(),
        _ if nanos.is_multiple_of(1_000_000) => format!(".{:03}", nanos / 1_000_000),
        _ if nanos.is_multiple_of(1_000) => format!(".{:06}", nanos / 1_000),
        _ => format!(".{nanos:09}"),
    }
}

/// The billionths that up to nine digits behind a point mean.
fn nanos(digits: &str) -> Option<i32> {
    let fits = (1..=9).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    let number = Some(digits).filter(|_| fits)?.parse::<i32>().ok()?;
    Some(number * 10_i32.pow(9_u32.saturating_sub(u32::try_from(digits.len()).ok()?)))
}
