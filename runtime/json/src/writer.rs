//! The writer of JSON: values one behind another into one buffer.

use std::fmt;

use kiteline_core::error::{Error, Origin};

use crate::{EnumNames, Fields, Message, Object, Read, Reader, Style, Types, base64, enums, escape, number};

/// Writes JSON.
#[derive(Debug)]
pub struct Writer {
    pub(crate) out: Vec<u8>,
    style: Style,
    unwritten: Option<Unwritten>,
    pub(crate) types: Option<&'static Types>,
    pub(crate) pick: Pick,
    pub(crate) content_type: Option<String>,
    /// How many `google.protobuf.Any` are around.
    #[cfg(feature = "proto")]
    depth: u16,
}

/// The part of a message that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick {
    All,
    /// The value of the field of this path.
    Field(&'static str),
    /// The bytes of the field of this path, as they are.
    Raw(&'static str),
}

/// A value that JSON has no form for, such as a time after the year 9999.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten(String);

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritten {}

impl From<Unwritten> for Error {
    fn from(unwritten: Unwritten) -> Self {
        Self::internal(unwritten.0).with_origin(Origin::Encode)
    }
}

impl Writer {
    /// A writer of a style.
    pub fn new(style: Style) -> Self {
        Self {
            out: Vec::with_capacity(512),
            style,
            unwritten: None,
            types: None,
            pick: Pick::All,
            content_type: None,
            #[cfg(feature = "proto")]
            depth: 0,
        }
    }

    /// What was written.
    ///
    /// # Errors
    ///
    /// For the first value that JSON has no form for.
    pub fn finish(self) -> Result<Vec<u8>, Unwritten> {
        self.unwritten.map_or(Ok(self.out), Err)
    }

    /// Whose habits the JSON has.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Notes that JSON has no form for a value; the first such note counts.
    #[cold]
    pub fn refuse(&mut self, why: impl Into<String>) {
        self.unwritten.get_or_insert_with(|| Unwritten(why.into()));
    }

    /// Goes into one more `google.protobuf.Any`; `false` where that is too deep. Each is decoded by itself, so that the limit
    /// of decoding does not hold for all of them.
    #[cfg(feature = "proto")]
    pub(crate) fn deeper(&mut self) -> bool {
        let fits = self.depth < 100;
        self.depth += u16::from(fits);
        fits
    }

    #[cfg(feature = "proto")]
    pub(crate) fn shallower(&mut self) {
        self.depth -= 1;
    }

    /// Writes a message as an object.
    pub fn message(&mut self, message: &dyn Message) {
        if !matches!(self.pick, Pick::All) {
            return self.part(message);
        }
        self.out.push(b'{');
        let types = self.types;
        let mut object = Object::new(self, message.fields());
        message.write(&mut object);
        self.types = types;
        self.out.push(b'}');
    }

    /// Writes an object of some of the fields of a table.
    pub fn object(&mut self, fields: &'static Fields, write: impl Fn(&mut Object<'_>)) {
        self.message(&Written { fields, write });
    }

    /// Writes a member of an enum.
    pub fn member(&mut self, number: i32, names: &'static EnumNames) {
        enums::write(number, names, self);
    }

    /// Writes the part of a message that was picked.
    #[cold]
    fn part(&mut self, message: &dyn Message) {
        let (fields, pick) = (message.fields(), self.pick);
        let (path, raw) = match pick {
            Pick::All => return,
            Pick::Field(path) => (path, false),
            // A `google.api.HttpBody`.
            Pick::Raw("") => ("data", true),
            Pick::Raw(path) => (path, true),
        };
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        self.pick = match raw {
            true => Pick::Raw(rest),
            false if rest.is_empty() => Pick::All,
            false => Pick::Field(rest),
        };
        let start = self.out.len();
        message.write(&mut Object::only(self, fields, fields.place(name)));
        if self.out.len() == start && !raw {
            self.null();
        }
        if matches!(pick, Pick::Raw("")) {
            let start = self.out.len();
            self.pick = Pick::Raw("");
            message.write(&mut Object::only(self, fields, fields.place("content_type")));
            self.content_type = String::from_utf8(self.out.split_off(start)).ok();
        }
        self.pick = Pick::All;
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        if let Pick::Raw("") = self.pick {
            return self.out.extend_from_slice(text.as_bytes());
        }
        escape::text(text, &mut self.out);
    }

    /// Writes bytes in base64.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if let Pick::Raw("") = self.pick {
            return self.out.extend_from_slice(bytes);
        }
        self.out.push(b'"');
        base64::encode(bytes, &mut self.out);
        self.out.push(b'"');
    }

    /// Writes a truth value.
    pub fn bool(&mut self, value: bool) {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Writes `null`.
    pub fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    /// Writes a whole number of up to 32 bits.
    pub fn integer(&mut self, value: i64) {
        if value < 0 {
            self.out.push(b'-');
        }
        self.digits(value.unsigned_abs());
    }

    /// Writes a whole number of 64 bits: for proto as a text, since many readers would round it.
    pub fn long(&mut self, negative: bool, value: u64) {
        let quoted = self.style == Style::Proto;
        if quoted {
            self.out.push(b'"');
        }
        if negative {
            self.out.push(b'-');
        }
        self.digits(value);
        if quoted {
            self.out.push(b'"');
        }
    }

    fn digits(&mut self, mut value: u64) {
        let mut digits = [0; 20];
        let mut start = digits.len();
        // Two at a time: a division takes long.
        while let Some(pair) = digits.get_mut(..start).and_then(|it| it.last_chunk_mut::<2>()) {
            let two = (value % 100) as u8;
            *pair = [b'0' + two / 10, b'0' + two % 10];
            start -= 2;
            value /= 100;
            if value == 0 {
                start += usize::from(two < 10);
                break;
            }
        }
        self.out.extend_from_slice(digits.get(start..).unwrap_or_default());
    }

    /// Writes a number in the shortest form that is read as the same.
    pub fn double(&mut self, value: f64) {
        if !value.is_finite() {
            return self.text(number::word(value));
        }
        self.out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    }

    /// Writes a number of 32 bits in the shortest form that is read as the same.
    pub fn float(&mut self, value: f32) {
        if !value.is_finite() {
            return self.text(number::word(value.into()));
        }
        self.out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    }

    /// Writes a list.
    pub fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.out.push(b'[');
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            each(self, item);
        }
        self.out.push(b']');
    }

    /// Writes an object of pairs.
    pub fn pairs<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.out.push(b'{');
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            each(self, item);
        }
        self.out.push(b'}');
    }

    /// Writes the colon behind the name of a pair.
    pub fn colon(&mut self) {
        self.out.push(b':');
    }

    /// Writes a value as the name of a pair: a text as it is, anything else as the text of its JSON.
    pub(crate) fn key_of(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        write(self);
        match self.out.get(start) {
            Some(b'"') => {}
            Some(b'{' | b'[') => {
                let json = self.out.split_off(start);
                escape::text(&String::from_utf8_lossy(&json), &mut self.out);
            }
            _ => {
                self.out.insert(start, b'"');
                self.out.push(b'"');
            }
        }
    }
}

/// What is written in place of a message that is not one.
struct Written<W> {
    fields: &'static Fields,
    write: W,
}

impl<W: Fn(&mut Object<'_>)> Message for Written<W> {
    fn fields(&self) -> &'static Fields {
        self.fields
    }

    fn write(&self, out: &mut Object<'_>) {
        (self.write)(out);
    }

    fn read(&mut self, _: usize, input: &mut Reader<'_>) -> Read {
        input.skip()
    }
}
