//! The resolved program: arenas and ids, Rust names final. Valid by construction: only `resolve`
//! makes one, and no later stage can fail on it.

pub use super::draft::{Base, Language, Requiredness, StructKind};

use std::collections::BTreeMap;

use super::choices::{Json, Maps};
use super::http::Route;
use super::rules::{Kind, MessageRules, Node};
use crate::source::{FileId, Span};

pub use super::ids::{DefId, ModuleId, ServiceId};

/// Everything that is to be generated.
#[derive(Debug, Default)]
pub struct Model {
    /// The files, in the draft's order.
    pub files: Vec<File>,
    /// The Rust modules.
    pub modules: Vec<Module>,
    /// Types, in the order of files and definitions.
    pub defs: Vec<Def>,
    /// Constants.
    pub consts: Vec<Const>,
    /// Services.
    pub services: Vec<Service>,
    /// The encoded `FileDescriptorSet` of the proto files; empty without any.
    pub descriptors: Vec<u8>,
    /// Which types implement the traits of JSON.
    pub json: Json,
    /// Whether servers hold the OpenAPI document.
    pub openapi: bool,
    /// The validation rules of the types that have any, or hold types that have.
    pub rules: BTreeMap<DefId, MessageRules>,
}

impl Model {
    /// Whether the types of a language implement the traits of JSON.
    pub fn json(&self, language: Language) -> bool {
        match self.json {
            Json::Auto => language == Language::Proto || self.has_routes(language),
            Json::On => true,
            Json::Off => false,
        }
    }

    /// A type's definition.
    pub fn def(&self, id: DefId) -> &Def {
        &self.defs[id.0]
    }

    /// A service.
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[id.0]
    }

    /// The type behind typedefs.
    pub fn real<'a>(&'a self, mut ty: &'a Ty) -> &'a Ty {
        while let Ty::Def(id) = ty {
            let DefKind::Typedef(target) = &self.def(*id).kind else { break };
            ty = target;
        }
        ty
    }

    /// Whether a method of a language is reached by a route of HTTP.
    pub fn has_routes(&self, language: Language) -> bool {
        let mut services = self.services.iter().filter(|service| self.files[service.file].language == language);
        services.any(|service| service.methods.iter().any(|method| !method.routes.is_empty()))
    }

    /// A value of a type without rules of its own: what is tested are the messages inside that have them.
    pub fn node(&self, ty: &Ty) -> Node {
        Node::new(match self.real(ty) {
            Ty::Base(Base::Bool) => Kind::Bool,
            Ty::Base(Base::I8 | Base::I16 | Base::I32 | Base::I64) => Kind::Int,
            Ty::Base(Base::Double) => Kind::Double,
            Ty::Base(Base::String) => Kind::Text,
            Ty::Base(Base::Binary) => Kind::Bytes,
            Ty::Base(Base::Uuid) => Kind::Uuid,
            Ty::Def(id) if matches!(self.def(*id).kind, DefKind::Enum(_)) => Kind::OpenEnum,
            Ty::Def(id) if self.rules.contains_key(id) => Kind::Message(*id),
            Ty::Def(_) | Ty::WellKnown(_) => Kind::Opaque,
            Ty::List(item) => Kind::List(Box::new(self.node(item))),
            Ty::Set(_, item) => Kind::Set(Box::new(self.node(item).as_key())),
            Ty::Map(_, key, value) => Kind::Map(Box::new(self.node(key).as_key()), Box::new(self.node(value))),
        })
    }

    /// The files that the user has, without those that the program brings along.
    pub fn own_files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| !file.built_in)
    }

    /// The services of the files that the user named: those that get a handler and a registration.
    pub fn root_services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| self.files[service.file].root)
    }

    /// A service's methods, inherited ones first, as `(owner, method)`.
    pub fn all_methods<'a>(&'a self, service: &'a Service) -> Vec<(&'a Service, &'a Method)> {
        let mut methods = match service.extends {
            Some(base) => self.all_methods(self.service(base)),
            None => Vec::new(),
        };
        methods.extend(service.methods.iter().map(|method| (service, method)));
        methods
    }
}

/// A file.
#[derive(Debug)]
pub struct File {
    /// The file in the source map.
    pub id: FileId,
    /// Its language.
    pub language: Language,
    /// Its name without the ending.
    pub stem: String,
    /// For proto the path by which descriptors refer to it.
    pub import: String,
    /// Whether the user named it.
    pub root: bool,
    /// Whether the program brought it along: no path leads to it. Such files come last.
    pub built_in: bool,
    /// The module of its definitions.
    pub module: ModuleId,
}

/// A Rust module under `generated`.
#[derive(Debug)]
pub struct Module {
    /// Final segments, raw identifiers with their `r#`; `["api"]`, `["a", "b"]`.
    pub path: Vec<String>,
}

/// Name, docs and place of anything.
#[derive(Clone, Debug)]
pub struct Head {
    /// The name in the IDL.
    pub name: String,
    /// The Rust name, final; `r#` where needed. For nested proto types with their modules
    /// (`outer::Inner`).
    pub rust: String,
    /// The doc comment; may be empty.
    pub docs: String,
    /// The name's place.
    pub span: Span,
    /// Set by `(deprecated)`; the text is the note.
    pub deprecated: Option<String>,
}

/// A type.
#[derive(Debug)]
pub struct Def {
    /// Name, docs, place.
    pub head: Head,
    /// Its module.
    pub module: ModuleId,
    /// The kind of type.
    pub kind: DefKind,
    /// Used as a map key or set element, directly or inside one: derives `Eq`, `Hash`, `Ord`.
    pub key: bool,
    /// Has a `Default`.
    pub defaultable: bool,
    /// Implements serde's traits.
    pub serde: bool,
    /// Derive macros beside the standard ones, as paths.
    pub derive: Vec<String>,
}

/// The kind of a type, with what it holds.
#[derive(Debug)]
pub enum DefKind {
    /// An alias.
    Typedef(Ty),
    /// An open enum over `i32`.
    Enum(Vec<Member>),
    /// Struct or exception.
    Struct(Struct),
    /// One field of several.
    Union(Vec<Field>),
    /// A proto message or enum: prost makes it.
    Proto(Proto),
}

/// A proto message or enum.
#[derive(Debug)]
pub struct Proto {
    /// Its full name, `.pkg.Outer.Inner`.
    pub full: String,
    /// Whether it is a message.
    pub message: bool,
    /// The module of what is inside the message, if anything is: a path as in [`Head::rust`].
    pub inner: Option<String>,
    /// The values that are reasons of errors, each with its number and its status of HTTP; the first one of a number.
    pub reasons: Vec<(i32, u16)>,
}

/// A member of an enum.
#[derive(Debug)]
pub struct Member {
    /// Name, docs, place.
    pub head: Head,
    /// Its number.
    pub number: i32,
}

/// A struct or an exception.
#[derive(Debug)]
pub struct Struct {
    /// Which of them.
    pub kind: StructKind,
    /// The fields in the IDL's order.
    pub fields: Vec<Field>,
}

/// A resolved type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    /// A base type.
    Base(Base),
    /// A defined type.
    Def(DefId),
    /// A message of `google.protobuf`, by its name there (`Timestamp`).
    WellKnown(String),
    /// `Vec`.
    List(Box<Ty>),
    /// `HashSet`; `BTreeSet` where that is asked for or a double is inside.
    Set(Maps, Box<Ty>),
    /// `HashMap`; `BTreeMap` where that is asked for or the key holds a double.
    Map(Maps, Box<Ty>, Box<Ty>),
}

/// How a field's Rust type wraps its Thrift type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// `T`.
    Plain,
    /// `Option<T>`.
    Option,
    /// `Option<Box<T>>`: a struct that reaches itself.
    OptionBox,
    /// `Box<T>`: a required or union field that reaches its own type.
    Box,
}

/// When a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Always.
    Always,
    /// When it is `Some`.
    WhenSome,
    /// When it differs from its default.
    WhenNotDefault,
}

/// A field of a struct or union, an argument, an entry of `throws`.
#[derive(Debug)]
pub struct Field {
    /// Name, docs, place.
    pub head: Head,
    /// The id.
    pub id: i16,
    /// The requiredness as written.
    pub requiredness: Requiredness,
    /// Its type.
    pub ty: Ty,
    /// How the Rust type wraps it.
    pub wrap: Wrap,
    /// When it is written.
    pub presence: Presence,
    /// Its default value.
    pub default: Option<Value>,
    /// The name in JSON where that is another (`api.body`, `go.tag`).
    pub json: Option<String>,
}

/// A constant.
#[derive(Debug)]
pub struct Const {
    /// Name, docs, place.
    pub head: Head,
    /// Its module.
    pub module: ModuleId,
    /// Its type.
    pub ty: Ty,
    /// Its value, in the shape of `ty`.
    pub value: Value,
}

/// A constant value in the shape of its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// A whole number that fits its type.
    Int(i64),
    /// A double.
    Double(f64),
    /// A text.
    String(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// A UUID.
    Uuid([u8; 16]),
    /// A number of an enum, known or not.
    Enum(DefId, i32),
    /// A list.
    List(Vec<Value>),
    /// A set.
    Set(Vec<Value>),
    /// A map.
    Map(Vec<(Value, Value)>),
    /// A struct: the fields that were given, by index.
    Struct(DefId, Vec<(usize, Value)>),
    /// A union: the one field, by index.
    Union(DefId, usize, Box<Value>),
}

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Name, docs, place. `rust` is the trait's name.
    pub head: Head,
    /// The client's name.
    pub client: String,
    /// The name of what mounts a handler on a server.
    pub server: String,
    /// The name of the static that describes it.
    pub info: String,
    /// Index in [`Model::files`].
    pub file: usize,
    /// Its module.
    pub module: ModuleId,
    /// The service it extends.
    pub extends: Option<ServiceId>,
    /// Its own methods.
    pub methods: Vec<Method>,
    /// The name in a registry: without a `Service` suffix, in lower case; behind the package or
    /// namespace where another service of the program has the same.
    pub registry_name: String,
    /// The proto package; empty for Thrift.
    pub package: String,
}

/// A method.
#[derive(Debug)]
pub struct Method {
    /// Name, docs, place. `rust` is its name in the trait.
    pub head: Head,
    /// Its name in the client, which has methods of its own.
    pub client: String,
    /// Whether the caller gets no answer.
    pub oneway: bool,
    /// The result; `None` for `void`.
    pub result: Option<Ty>,
    /// The arguments; for proto one.
    pub arguments: Vec<Field>,
    /// The declared exceptions.
    pub throws: Vec<Field>,
    /// The method's error enum; `None` without `throws`.
    pub error: Option<ErrorEnum>,
    /// Whether an annotation says that it may be sent twice.
    pub idempotent: bool,
    /// Whether it says that it changes nothing, so that it may be asked with `GET` too (proto's `NO_SIDE_EFFECTS`).
    pub safe: bool,
    /// Whether its requests are a stream; proto alone.
    pub client_streaming: bool,
    /// Whether its answers are a stream; proto alone.
    pub server_streaming: bool,
    /// The routes of HTTP by which it is reached.
    pub routes: Vec<Route>,
}

/// The enum of what a method fails with, one arm per declared exception.
#[derive(Debug)]
pub struct ErrorEnum {
    /// Its Rust name.
    pub rust: String,
    /// The arm of every other failure.
    pub other: String,
}
