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

    #[cfg_attr(not(feature = "proto"), allow(dead_code, reason = "only proto has `Any`"))]
    pub(crate) fn find(&self, name: &str) -> Option<&'static AnyType> {
        let found = self.0.binary_search_by(|it| it.name.cmp(name)).ok()?;
        self.0.get(found)
    }
}

/// One message that a `google.protobuf.Any` may hold.
#[derive(Debug)]
#[cfg_attr(not(feature = "proto"), allow(dead_code, reason = "only proto has `Any`"))]
pub struct AnyType {
    pub(crate) name: &'static str,
    /// Whether its JSON stands beside the type, not in `value`.
    pub(crate) fields: bool,
    pub(crate) read: fn(&mut Reader<'_>) -> Read<Vec<u8>>,
    /// `false` for bytes that are no such message.
    pub(crate) write: fn(&[u8], &mut Writer) -> bool,
}
