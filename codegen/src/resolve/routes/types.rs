//! The definitions of the draft by their ids, as far as the parts of a request ask for them.

use crate::ir::draft::{Base, Draft, Field, Item, Struct, Type, TypeKind};
use crate::resolve::scope::{Scope, Symbol};

/// Messages of `google.protobuf` whose JSON is one text, number or truth value.
const TEXTS: &[&str] = &[
    "BoolValue",
    "BytesValue",
    "DoubleValue",
    "Duration",
    "FieldMask",
    "FloatValue",
    "Int32Value",
    "Int64Value",
    "StringValue",
    "Timestamp",
    "UInt32Value",
    "UInt64Value",
];

/// The types of a program.
pub(super) struct Types<'a> {
    scope: &'a Scope,
    items: Vec<(usize, &'a Item)>,
}

/// A message or struct, and the file in which its types are written.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) file: usize,
    pub(super) structure: &'a Struct,
}

/// What a type is to the parts of a request.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    /// One text can be it.
    Text,
    /// It has fields.
    Message(Message<'a>),
    /// Any number of this; a map has none.
    Many(Option<&'a Type>),
    /// Nothing of these.
    Other,
}

/// Why a path of fields leads nowhere.
pub(super) enum Lost<'a> {
    /// A message lacks this field.
    Unknown(Message<'a>, String),
    /// This part has no fields.
    Through(String),
}

impl<'a> Types<'a> {
    pub(super) fn new(draft: &'a Draft, scope: &'a Scope) -> Self {
        let items = draft.files.iter().enumerate().flat_map(|(at, file)| file.items.iter().map(move |it| (at, it)));
        // In the order of the model's ids.
        let items = items.filter(|(_, item)| !matches!(item, Item::Const(_) | Item::Service(_))).collect();
        Self { scope, items }
    }

    /// A type behind typedefs, with the file in which it is written.
    pub(super) fn real(&self, mut file: usize, mut ty: &'a Type) -> (usize, &'a Type) {
        // As many as there are items: typedefs may go in a circle.
        for _ in 0..self.items.len() {
            match self.item(file, ty) {
                Some((at, Item::Typedef(it))) => (file, ty) = (at, &it.target),
                _ => break,
            }
        }
        (file, ty)
    }

    fn item(&self, file: usize, ty: &Type) -> Option<(usize, &'a Item)> {
        let TypeKind::Named(name) = &ty.kind else { return None };
        match self.scope.find(file, name)? {
            Symbol::Def(id) => self.items.get(id.0).copied(),
            _ => None,
        }
    }

    pub(super) fn kind(&self, file: usize, ty: &'a Type) -> Kind<'a> {
        let (file, ty) = self.real(file, ty);
        match &ty.kind {
            TypeKind::Base(_) => Kind::Text,
            TypeKind::List(item) | TypeKind::Set(item) => Kind::Many(Some(item)),
            TypeKind::Map(..) => Kind::Many(None),
            TypeKind::Named(name) => match self.item(file, ty) {
                Some((_, Item::Enum(_))) => Kind::Text,
                Some((file, Item::Struct(structure))) => Kind::Message(Message { file, structure }),
                _ if name.strip_prefix(".google.protobuf.").is_some_and(|it| TEXTS.contains(&it)) => Kind::Text,
                _ => Kind::Other,
            },
        }
    }

    /// Whether texts can be values of a type: one, or any number for a list.
    pub(super) fn is_texts(&self, file: usize, ty: &'a Type) -> bool {
        match self.kind(file, ty) {
            Kind::Text => true,
            Kind::Many(Some(item)) => matches!(self.kind(file, item), Kind::Text),
            _ => false,
        }
    }

    /// Whether a type is bytes, or a text, which are bytes too.
    pub(super) fn is_bytes(&self, file: usize, ty: &'a Type) -> bool {
        matches!(self.real(file, ty).1.kind, TypeKind::Base(Base::Binary | Base::String))
    }

    /// The field at the end of a path of fields, with the file in which it is written.
    pub(super) fn field(&self, from: Message<'a>, path: &str) -> Result<(usize, &'a Field), Lost<'a>> {
        let (mut message, mut parts) = (from, path.split('.').peekable());
        loop {
            let part = parts.next().unwrap_or_default();
            let Some(field) = own_field(message, part) else {
                return Err(Lost::Unknown(message, part.to_owned()));
            };
            if parts.peek().is_none() {
                return Ok((message.file, field));
            }
            message = match self.kind(message.file, &field.ty) {
                Kind::Message(inner) => inner,
                _ => return Err(Lost::Through(part.to_owned())),
            };
        }
    }
}

/// A field of a message itself.
pub(super) fn own_field<'a>(message: Message<'a>, name: &str) -> Option<&'a Field> {
    message.structure.fields.iter().find(|it| it.head.name.text == name)
}

/// The field of a message whose name is nearest to a name.
pub(super) fn nearest(message: Message<'_>, name: &str) -> Option<String> {
    let names = message.structure.fields.iter().map(|it| it.head.name.text.clone());
    crate::resolve::scope::nearest_of(name, names)
}

/// The name of a message for a person.
pub(super) fn shown(message: Message<'_>) -> &str {
    &message.structure.head.name.text
}
