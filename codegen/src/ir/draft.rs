//! The output of the front ends: one shape for both IDLs, names as written and not yet resolved, every name with its
//! span and its docs.

use std::collections::BTreeMap;

use super::rules::MessageRules;
use crate::source::{FileId, Span};

/// Every file that was read, roots and includes alike, each once.
#[derive(Debug, Default)]
pub struct Draft {
    /// In the order in which they were first met: roots in the order given, each before its includes. Behind them those
    /// that the program brings along, as far as the others use their messages.
    pub files: Vec<File>,
    /// The descriptor set of all proto roots with their imports (encoded
    /// `google.protobuf.FileDescriptorSet`), for the message emitter; empty without proto files.
    pub descriptors: Vec<u8>,
    /// The validation rules of proto messages by full name (`.pkg.Outer.Inner`), with every field that holds a message;
    /// empty where no file knows any rules.
    pub rules: BTreeMap<String, MessageRules>,
}

/// The language of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Apache Thrift.
    Thrift,
    /// Protocol Buffers.
    Proto,
}

/// One IDL file.
#[derive(Debug)]
pub struct File {
    /// The file in the source map.
    pub id: FileId,
    /// The language.
    pub language: Language,
    /// The file's name without its ending, as includes refer to it (`base` of `a/base.thrift`).
    pub stem: String,
    /// For proto the path by which imports and descriptors refer to it; empty for Thrift.
    pub import: String,
    /// Whether the user named this file, rather than an include of one.
    pub root: bool,
    /// Whether the program brings it along: no root and no include directory has it.
    pub built_in: bool,
    /// All `namespace` lines; for proto, one with scope `*` holding the package, if there is one.
    pub namespaces: Vec<Namespace>,
    /// The files this one includes, in order.
    pub includes: Vec<Include>,
    /// The definitions, in order. Proto's nested messages and enums are items of their own with
    /// dotted names (`Outer.Inner`), each after its outer one.
    pub items: Vec<Item>,
}

/// A `namespace SCOPE a.b.c` line.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// `rs`, `go`, `*`, ….
    pub scope: Name,
    /// The dotted name.
    pub name: Name,
}

/// An `include` or `import` that was followed.
#[derive(Clone, Debug)]
pub struct Include {
    /// The included file's index in [`Draft::files`].
    pub file: usize,
    /// The path as written.
    pub path: Name,
}

/// A name with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The text, without quotes.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// The common part of every definition.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its name. For proto relative to the package, nested ones dotted.
    pub name: Name,
    /// The doc comment, markers and common indentation removed; empty without one.
    pub docs: String,
    /// Annotations in order. Proto: the options that we know, such as `deprecated`.
    pub annotations: Vec<Annotation>,
}

/// `(key = "value")`; without a value, `value` is `None`.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// The key.
    pub key: Name,
    /// The value.
    pub value: Option<Name>,
}

/// A definition.
#[derive(Debug)]
pub enum Item {
    /// `typedef TYPE NAME`.
    Typedef(Typedef),
    /// `const TYPE NAME = VALUE`.
    Const(Const),
    /// `enum` and `senum` (whose members have no numbers).
    Enum(Enum),
    /// `struct`, `union`, `exception`, `message`.
    Struct(Struct),
    /// `service`.
    Service(Service),
}

impl Item {
    /// The head of any definition.
    pub fn head(&self) -> &Head {
        match self {
            Self::Typedef(it) => &it.head,
            Self::Const(it) => &it.head,
            Self::Enum(it) => &it.head,
            Self::Struct(it) => &it.head,
            Self::Service(it) => &it.head,
        }
    }
}

/// `typedef TYPE NAME`.
#[derive(Debug)]
pub struct Typedef {
    /// Name, docs, annotations.
    pub head: Head,
    /// The type that it stands for.
    pub target: Type,
}

/// `const TYPE NAME = VALUE`.
#[derive(Debug)]
pub struct Const {
    /// Name, docs, annotations.
    pub head: Head,
    /// The declared type.
    pub ty: Type,
    /// The value as written.
    pub value: Literal,
}

/// `enum` or `senum`.
#[derive(Debug)]
pub struct Enum {
    /// Name, docs, annotations.
    pub head: Head,
    /// True for the old `senum`, an enum of strings: its type is a string on the wire.
    pub strings: bool,
    /// The members in order. Proto's aliases are members of their own.
    pub members: Vec<Member>,
}

/// A member of an enum.
#[derive(Debug)]
pub struct Member {
    /// Name, docs, annotations.
    pub head: Head,
    /// The number as written, with its place; `None` when it was left out.
    pub number: Option<(i64, Span)>,
    /// Proto: the status of HTTP that it stands for as the reason of an error.
    pub status: Option<u16>,
}

/// The kind of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StructKind {
    /// `struct`.
    Struct,
    /// `union`.
    Union,
    /// `exception`.
    Exception,
    /// A proto message.
    Message,
}

/// `struct`, `union`, `exception` or a proto message.
#[derive(Debug)]
pub struct Struct {
    /// Name, docs, annotations.
    pub head: Head,
    /// Which of them.
    pub kind: StructKind,
    /// The fields in order. Members of a proto `oneof` are fields like any other.
    pub fields: Vec<Field>,
    /// The names of a message's `oneof`s.
    pub oneofs: Vec<Name>,
}

/// Requiredness as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Requiredness {
    /// Neither word.
    Default,
    /// `required`.
    Required,
    /// `optional`.
    Optional,
}

/// A field, an argument or an entry of `throws`.
#[derive(Debug)]
pub struct Field {
    /// Name, docs, annotations.
    pub head: Head,
    /// The id as written, with its place; `None` when it was left out (`resolve` gives one).
    pub id: Option<(i64, Span)>,
    /// The requiredness.
    pub requiredness: Requiredness,
    /// Whether the type was marked as a reference (`&`).
    pub reference: bool,
    /// The type.
    pub ty: Type,
    /// The default value as written.
    pub default: Option<Literal>,
    /// The `oneof` that the field is a member of, as an index in [`Struct::oneofs`].
    pub oneof: Option<usize>,
    /// For proto, whether its values are those of an enum: its own, its list's or its map's.
    pub of_enum: bool,
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct Type {
    /// The kind of type.
    pub kind: TypeKind,
    /// Its place, annotations not included.
    pub span: Span,
    /// Annotations of the type itself.
    pub annotations: Vec<Annotation>,
}

/// The kind of a type.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// A base type; proto's scalars are mapped to the nearest one.
    Base(Base),
    /// A name, dotted as written (`base.Point`); for proto the full name with a leading dot.
    Named(String),
    /// `list<T>`; proto's `repeated`.
    List(Box<Type>),
    /// `set<T>`.
    Set(Box<Type>),
    /// `map<K, V>`.
    Map(Box<Type>, Box<Type>),
}

/// The base types of Thrift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is its own name")]
pub enum Base {
    Bool,
    I8,
    I16,
    I32,
    I64,
    Double,
    String,
    Binary,
    Uuid,
}

/// A constant value as written.
#[derive(Clone, Debug)]
pub struct Literal {
    /// The kind of value.
    pub kind: LiteralKind,
    /// Its place.
    pub span: Span,
}

/// The kind of a constant value.
#[derive(Clone, Debug, PartialEq)]
pub enum LiteralKind {
    /// A whole number, in decimal or hex. `true` and `false` are names.
    Int(i64),
    /// A number with a point or an exponent.
    Double(f64),
    /// A quoted text, escapes resolved.
    String(String),
    /// A name, dotted as written: a constant, an enum's member, `true` or `false`.
    Name(String),
    /// `[a, b]`.
    List(Vec<Literal>),
    /// `{k: v}`.
    Map(Vec<(Literal, Literal)>),
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// `service NAME extends BASE { … }`.
#[derive(Debug)]
pub struct Service {
    /// Name, docs, annotations.
    pub head: Head,
    /// The base service, dotted as written.
    pub extends: Option<Name>,
    /// The methods in order.
    pub methods: Vec<Method>,
}

/// A method.
#[derive(Debug)]
pub struct Method {
    /// Name, docs, annotations.
    pub head: Head,
    /// `oneway` (or the old `async`), with its place.
    pub oneway: Option<Span>,
    /// The result; `None` for `void`.
    pub result: Option<Type>,
    /// The arguments; for proto one, named `req`, with id 1.
    pub arguments: Vec<Field>,
    /// The entries of `throws`.
    pub throws: Vec<Field>,
    /// Proto: whether the client streams.
    pub client_streaming: bool,
    /// Proto: whether the server streams.
    pub server_streaming: bool,
    /// Proto: the rules of `google.api.http`; for Thrift they are among the annotations.
    pub routes: Vec<Route>,
}

/// A rule of `google.api.http`, as written.
#[derive(Debug)]
pub struct Route {
    /// The verb, in capitals unless it is `custom`.
    pub verb: String,
    /// The template of the path. Its place is that of the text without quotes, or of the whole rule.
    pub path: Name,
    /// The part of the request that is the body; `None` where none is said.
    pub body: Option<Name>,
    /// The part of the answer that is the body.
    pub response_body: Option<Name>,
}

impl Method {
    /// Whether a Thrift annotation (`streaming.mode`, of Kitex) says that it streams.
    pub fn streams_in_thrift(&self) -> bool {
        let value = self.head.annotations.iter().find(|it| it.key.text == "streaming.mode").map(|it| &it.value);
        value.is_some_and(|it| it.as_ref().is_some_and(|value| value.text != "unary"))
    }
}
