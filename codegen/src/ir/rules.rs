//! Validation rules as plain data: one table for both IDLs. A field's [`Node`] says what is tested of its value and of
//! what is inside of it. `emit` prints a call per [`Test`]; nothing here knows how a rule was written.

use super::ids::DefId;

/// The rules of one message, and the fields through which messages with rules are reached.
#[derive(Clone, Debug, Default)]
pub struct MessageRules {
    /// The fields that have any.
    pub fields: Vec<FieldRules>,
    /// Tests of several fields at once.
    pub groups: Vec<Group>,
}

/// The rules of one field.
#[derive(Clone, Debug)]
pub struct FieldRules {
    /// Its name in the IDL.
    pub name: String,
    /// Whether it has to be set: to something other than zero where it has no presence.
    pub required: bool,
    /// Whether a zero value passes.
    pub unless_zero: bool,
    /// Whether the IDL calls it deprecated: rustc would warn of our own use of it.
    pub deprecated: bool,
    /// Whether it may be absent: an `Option`, or a member of a `oneof` or union.
    pub presence: bool,
    /// Tests of a field that is absent, which fail: expressions of `api.vd` about `nil`.
    pub absent: Vec<Test>,
    /// Tests of its value.
    pub node: Node,
    /// Where its Rust value is; `resolve` fills it.
    pub reach: Reach,
}

/// The place of a field's value in the Rust type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A field of the struct.
    Field {
        /// Its name.
        rust: String,
        /// Whether its value is behind a `Box`.
        boxed: bool,
    },
    /// A member of a proto `oneof`.
    Member {
        /// The field that holds the `oneof`.
        field: String,
        /// The path of its enum from the message's module.
        ty: String,
        /// The variant.
        variant: String,
        /// Whether its value is behind a `Box`.
        boxed: bool,
    },
    /// A variant of a Thrift union.
    Variant {
        /// Its name.
        variant: String,
        /// Whether its value is behind a `Box`.
        boxed: bool,
    },
}

/// A test of how many of several fields are set.
#[derive(Clone, Debug)]
pub struct Group {
    /// The path of the violation; empty for the message itself.
    pub path: String,
    /// The id and the text of the violation.
    pub test: (String, String),
    /// The fields by their names in the IDL, or the one `oneof` that has to be set.
    pub members: Members,
    /// Whether one of them has to be set.
    pub required: bool,
}

/// The members of a [`Group`].
#[derive(Clone, Debug)]
pub enum Members {
    /// A `oneof`, by its name in the IDL and, once resolved, in Rust.
    Oneof(String),
    /// Fields, each with its presence and, once resolved, its place.
    Fields(Vec<(String, bool, Reach)>),
}

/// The tests of a value, and of what is inside of it.
#[derive(Clone, Debug)]
pub struct Node {
    /// The kind of value.
    pub kind: Kind,
    /// The tests of the value itself, in order.
    pub tests: Vec<Test>,
    /// Whether a zero value passes, here inside a list or a map.
    pub unless_zero: bool,
    /// Whether what is inside a message is tested too.
    pub skip: bool,
}

/// The kind of a value.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A truth value.
    Bool,
    /// A whole number of any size.
    Int,
    /// An enum of proto, which is an `i32`.
    Enum,
    /// An enum of Thrift, which has a type of its own.
    OpenEnum,
    /// A double-precision number.
    Double,
    /// A single-precision number.
    Float,
    /// A double inside a key of Thrift.
    Ordered,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// A Thrift UUID, of which nothing is tested.
    Uuid,
    /// A message by its full name in proto, before `resolve` finds its definition.
    Named(String),
    /// A message that has rules, or messages inside that have them.
    Message(DefId),
    /// `google.protobuf.Duration` or `Timestamp`.
    Time,
    /// `google.protobuf.Any`.
    Any,
    /// Another message without rules.
    Opaque,
    /// A list.
    List(Box<Node>),
    /// A set.
    Set(Box<Node>),
    /// A map.
    Map(Box<Node>, Box<Node>),
}

impl Node {
    /// A value without tests.
    pub fn new(kind: Kind) -> Self {
        Self { kind, tests: Vec::new(), unless_zero: false, skip: false }
    }

    /// Whether there is nothing to test.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
            && match &self.kind {
                Kind::Named(_) | Kind::Message(_) => self.skip,
                Kind::List(item) | Kind::Set(item) => item.is_empty(),
                Kind::Map(key, value) => key.is_empty() && value.is_empty(),
                _ => true,
            }
    }

    /// Whether no test looks at the value.
    pub fn is_constant(&self) -> bool {
        let inner = Self { tests: Vec::new(), ..self.clone() };
        inner.is_empty() && self.tests.iter().all(|test| matches!(test.holds, Cond::Constant(_)))
    }

    /// The same value as a key, where doubles have a type of their own.
    #[must_use]
    pub fn as_key(mut self) -> Self {
        self.kind = match self.kind {
            Kind::Double => Kind::Ordered,
            Kind::List(item) => Kind::List(Box::new(item.as_key())),
            Kind::Set(item) => Kind::Set(Box::new(item.as_key())),
            Kind::Map(key, value) => Kind::Map(Box::new(key.as_key()), Box::new(value.as_key())),
            other => other,
        };
        self
    }

    /// Whether a part of it is a pattern.
    pub fn has_pattern(&self) -> bool {
        let inside = match &self.kind {
            Kind::List(item) | Kind::Set(item) => item.has_pattern(),
            Kind::Map(key, value) => key.has_pattern() || value.has_pattern(),
            _ => false,
        };
        inside || self.tests.iter().any(|test| test.holds.has_pattern())
    }
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its id, such as `string.min_len`.
    pub id: String,
    /// What it asks for, in words.
    pub text: String,
    /// What has to be true of the value.
    pub holds: Cond,
}

/// A condition about a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cond {
    /// Always or never.
    Constant(bool),
    /// All of them.
    All(Vec<Self>),
    /// One of them.
    Any(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// A comparison of a measure of the value.
    Compare(Measure, Op, Number),
    /// One of a list.
    In(List),
    /// A truth value that has to be true.
    IsTrue,
    /// How a text begins, ends, or what it holds.
    Text(Part, String),
    /// The same of bytes.
    Bytes(Part, Vec<u8>),
    /// A text that a pattern matches.
    Pattern(String),
    /// A form that the runtime knows by the name of its function.
    Form(&'static str),
    /// Neither infinite nor NaN.
    Finite,
    /// No element twice.
    Unique,
}

impl Cond {
    fn has_pattern(&self) -> bool {
        match self {
            Self::Pattern(_) => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::has_pattern),
            Self::Not(part) => part.has_pattern(),
            _ => false,
        }
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The value, a number.
    Value,
    /// The value, a number, as a double.
    AsDouble,
    /// Bytes of a text, elements of a container.
    Len,
    /// Characters of a text.
    Chars,
    /// Nanoseconds of a duration or a timestamp.
    Nanos,
    /// Nanoseconds of a timestamp after the present.
    NanosFromNow,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is its own name")]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
}

/// A number to compare with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole one.
    Int(i128),
    /// A double.
    Double(f64),
    /// A single-precision one.
    Float(f32),
}

/// A list of values.
#[derive(Clone, Debug, PartialEq)]
pub enum List {
    /// Numbers.
    Numbers(Measure, Vec<Number>),
    /// Texts.
    Texts(Vec<String>),
    /// Bytes.
    Bytes(Vec<Vec<u8>>),
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is its own name")]
pub enum Part {
    Whole,
    Prefix,
    Suffix,
    Contains,
}
