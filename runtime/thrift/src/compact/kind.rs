//! Compact's 4-bit types ("Struct encoding" and "List and Set" in `thrift-compact-protocol.md`).

use crate::codec::Fault;
use crate::codec::Type;

/// A field that is true; as an element's type, a bool.
pub(super) const TRUE: u8 = 1;
/// A field that is false; as an element's type, a bool too.
pub(super) const FALSE: u8 = 2;

/// The type of 4 bits. 0 is [`Type::Stop`], which only an empty container may name.
pub(super) fn from_nibble(nibble: u8) -> Result<Type, Fault> {
    Ok(match nibble {
        0 => Type::Stop,
        TRUE | FALSE => Type::Bool,
        3 => Type::I8,
        4 => Type::I16,
        5 => Type::I32,
        6 => Type::I64,
        7 => Type::Double,
        8 => Type::String,
        9 => Type::List,
        10 => Type::Set,
        11 => Type::Map,
        12 => Type::Struct,
        13 => Type::Uuid,
        other => return Err(Fault::Type(other)),
    })
}

/// The 4 bits of a type; bools as Apache's implementations write them for elements.
pub(super) fn to_nibble(kind: Type) -> u8 {
    match kind {
        Type::Stop => 0,
        Type::Bool => TRUE,
        Type::I8 => 3,
        Type::I16 => 4,
        Type::I32 => 5,
        Type::I64 => 6,
        Type::Double => 7,
        Type::String => 8,
        Type::List => 9,
        Type::Set => 10,
        Type::Map => 11,
        Type::Struct => 12,
        Type::Uuid => 13,
    }
}

/// The least memory of an element of this type in a list, whatever is in it.
pub(super) fn memory(kind: Type) -> usize {
    match kind {
        Type::String => size_of::<String>(),
        Type::List | Type::Set | Type::Map => size_of::<Vec<u8>>(),
        // A struct may have no fields, and an end is not a value.
        Type::Struct | Type::Stop => 0,
        fixed => fixed.min_size(),
    }
}

/// The fewest bytes that a value of this type takes in Compact.
pub(super) fn least(kind: Type) -> usize {
    match kind {
        Type::Double => 8,
        Type::Uuid => 16,
        _ => 1,
    }
}
