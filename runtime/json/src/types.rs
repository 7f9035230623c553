//! Tables of the messages that a `google.protobuf.Any` may hold.

use crate::{Read, Reader, Writer};

/// The messages that a `google.protobuf.Any` may hold, by full name; those of `google.protobuf` are always among them.
#[derive(Debug)]
pub struct Types(&'static [AnyType]);

impl Types {
    /// A table. Its entries are in the order of their names.
    pub const fn new(types: &'static [AnyType]) -> Self {
        Self(types)
    }

    /// The entry of a full name.
    pub fn find(&self, name: &str) -> Option<&'static AnyType> {
        let index = self.0.binary_search_by(|it| it.name.cmp(name)).ok()?;
        self.0.get(index)
    }
}

/// One message that a `google.protobuf.Any` may hold.
#[derive(Debug)]
pub struct AnyType {
    /// Its full name.
    pub name: &'static str,
    /// Whether its JSON stands beside the type, not in `value`.
    pub fields: bool,
    /// Reads its JSON, and gives its bytes.
    pub read: fn(&mut Reader<'_>) -> Read<Vec<u8>>,
    /// Writes the JSON of its bytes; `false` for bytes that are no such message.
    pub write: fn(&[u8], &mut Writer) -> bool,
}
