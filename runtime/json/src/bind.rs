//! Values that stand outside of the body: one text bound to a field, and bytes as they are.

use kiteline_core::limits::DecodeLimits;

use crate::reader::Source;
use crate::{Read, Reader, Style, Value};

impl<'a> Reader<'a> {
    /// A reader of a text that is the value of the field of a path (`shelf.id`) of a message. Reading the message with
    /// [`Value::read_into`] sets that field and leaves all others; a list gets one more element.
    pub fn text(text: &'a str, path: &'a str, style: Style, limits: DecodeLimits) -> Self {
        Self::of(text, Source::Text(path), style, limits)
    }

    /// A reader of the JSON of the field of a path.
    ///
    /// # Errors
    ///
    /// For bytes that are not UTF-8.
    pub fn field(json: &'a [u8], path: &'a str, style: Style, limits: DecodeLimits) -> Read<Self> {
        let mut input = Self::new(json, style, limits)?;
        input.source = Source::Field(path);
        Ok(input)
    }

    /// A reader of bytes that are the field of a path: bytes or a text, or a `google.api.HttpBody` of which they are the
    /// data, with their content type.
    pub fn raw(bytes: &'a [u8], path: &'a str, content_type: &'a str, style: Style, limits: DecodeLimits) -> Self {
        Self::of("", Source::Raw(path, bytes, content_type), style, limits)
    }
}

/// Sets the field of a path to a text's value.
///
/// # Errors
///
/// For a field that there is not, and for a text that is no such value.
pub fn bind<T: Value>(message: &mut T, path: &str, text: &str, style: Style, limits: DecodeLimits) -> Read {
    message.read_into(&mut Reader::text(text, path, style, limits))
}
