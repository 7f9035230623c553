//! Thrift's type ids on the wire.

use std::fmt;

/// A type byte of the Binary protocol (Thrift's `thrift-binary-protocol.md`, "Field type" and
/// "element type"; `TType` in every implementation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum Type {
    /// The end of a struct; never the type of a value.
    Stop = 0,
    /// One byte, 1 for true.
    Bool = 2,
    /// A signed byte.
    I8 = 3,
    /// IEEE 754, 8 bytes.
    Double = 4,
    /// 2 bytes.
    I16 = 6,
    /// 4 bytes; enums too.
    I32 = 8,
    /// 8 bytes.
    I64 = 10,
    /// A 4-byte length and bytes: text or binary.
    String = 11,
    /// Fields up to [`Type::Stop`]; structs, unions and exceptions.
    Struct = 12,
    /// Two element types, a 4-byte count, pairs.
    Map = 13,
    /// An element type, a 4-byte count, elements.
    Set = 14,
    /// An element type, a 4-byte count, elements.
    List = 15,
    /// 16 bytes.
    Uuid = 16,
}

impl Type {
    /// The type of a wire byte; `None` for bytes that name no type.
    #[inline]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Stop,
            2 => Self::Bool,
            3 => Self::I8,
            4 => Self::Double,
            6 => Self::I16,
            8 => Self::I32,
            10 => Self::I64,
            11 => Self::String,
            12 => Self::Struct,
            13 => Self::Map,
            14 => Self::Set,
            15 => Self::List,
            16 => Self::Uuid,
            _ => return None,
        })
    }

    /// Bytes of every value of this type, when that is one number.
    #[inline]
    pub fn fixed_size(self) -> Option<usize> {
        match self {
            Self::Bool | Self::I8 => Some(1),
            Self::I16 => Some(2),
            Self::I32 => Some(4),
            Self::I64 | Self::Double => Some(8),
            Self::Uuid => Some(16),
            Self::Stop | Self::String | Self::Struct | Self::Map | Self::Set | Self::List => None,
        }
    }

    /// The fewest bytes that a value of this type takes.
    #[inline]
    pub fn min_size(self) -> usize {
        match self {
            Self::Stop | Self::Struct => 1,
            Self::String => 4,
            Self::Set | Self::List => 5,
            Self::Map => 6,
            fixed => fixed.fixed_size().unwrap_or(1),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "stop",
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::Double => "double",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::String => "string",
            Self::Struct => "struct",
            Self::Map => "map",
            Self::Set => "set",
            Self::List => "list",
            Self::Uuid => "uuid",
        })
    }
}
