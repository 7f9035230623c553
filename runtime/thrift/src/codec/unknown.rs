//! Fields that the IDL of this build does not know, kept for the next reader.

use bytes::Bytes;

use super::kind::Type;

/// A field as it came: written again, it gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnknownField {
    /// The field's id.
    pub id: i16,
    /// The type of its value.
    pub kind: Type,
    /// The value in the Binary protocol. It is written as it is, so only the decoder should make these.
    pub bytes: Bytes,
}
