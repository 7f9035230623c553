//! How one module sees the model: paths to types, the standard names that are free in it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::ir::choices::Maps;
use crate::ir::model::{Base, Const, Def, DefId, DefKind, Field, Head, Model, ModuleId, Ty, Wrap};
use crate::resolve::names;

/// A module's view of the model.
pub(crate) struct View<'a> {
    pub(crate) model: &'a Model,
    place: Place,
    /// Type names of this module: they hide names of the standard prelude.
    own: BTreeSet<&'a str>,
}

/// Where the viewer stands.
enum Place {
    /// In a generated module.
    Module(ModuleId),
    #[cfg(feature = "cli")]
    /// Outside of `generated`, which is reached by this path; some types are imported by name.
    Outside { generated: TokenStream, imported: BTreeSet<(ModuleId, String)> },
}

impl<'a> View<'a> {
    pub(super) fn new(model: &'a Model, module: ModuleId) -> Self {
        let defs = model.defs.iter().filter(|it| it.module == module).map(|it| it.head.rust.as_str());
        let services = model.services.iter().filter(|it| it.module == module).map(|it| it.head.rust.as_str());
        Self { model, place: Place::Module(module), own: defs.chain(services).collect() }
    }

    #[cfg(feature = "cli")]
    /// The view of a file that is not part of `generated`.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the scaffold stands outside"))]
    pub(crate) fn outside(model: &'a Model, generated: TokenStream, imported: BTreeSet<(ModuleId, String)>) -> Self {
        Self { model, place: Place::Outside { generated, imported }, own: BTreeSet::new() }
    }

    /// Whether this is the view of a module.
    pub(super) fn is_here(&self, module: ModuleId) -> bool {
        matches!(self.place, Place::Module(here) if here == module)
    }

    /// A name of the standard prelude; absolute where this module has a type of that name.
    pub(super) fn std(&self, name: &str) -> TokenStream {
        if !self.own.contains(name) {
            let name = ident(name);
            return quote!(#name);
        }
        match name {
            "Box" => quote!(::std::boxed::Box),
            "Default" => quote!(::std::default::Default),
            "Option" => quote!(::std::option::Option),
            "Some" => quote!(::std::option::Option::Some),
            "None" => quote!(::std::option::Option::None),
            "Ok" => quote!(::std::result::Result::Ok),
            "Err" => quote!(::std::result::Result::Err),
            "From" => quote!(::std::convert::From),
            "Send" => quote!(::std::marker::Send),
            "Sync" => quote!(::std::marker::Sync),
            "String" => quote!(::std::string::String),
            "Vec" => quote!(::std::vec::Vec),
            _ => quote!(::std::result::Result),
        }
    }

    /// The name of the handler's type parameter, which would hide a type of that name.
    pub(super) fn handler_type(&self) -> Ident {
        let mut name = "H".to_owned();
        while self.own.contains(name.as_str()) {
            name.push('n');
        }
        ident(&name)
    }

    /// The path from here to an item of a module.
    pub(crate) fn path(&self, module: ModuleId, rust: &str) -> TokenStream {
        let name = rust.split("::").map(ident);
        let target = &self.model.modules[module.0].path;
        let down = target.iter().map(|part| ident(part));
        match &self.place {
            Place::Module(here) => {
                let here = &self.model.modules[here.0].path;
                let shared = here.iter().zip(target).take_while(|(a, b)| a == b).count();
                let up = here.iter().skip(shared).map(|_| quote!(super));
                let down = down.skip(shared);
                quote!(#(#up::)* #(#down::)* #(#name)::*)
            }
            #[cfg(feature = "cli")]
            Place::Outside { imported, .. } if imported.contains(&(module, rust.to_owned())) => quote!(#(#name)::*),
            #[cfg(feature = "cli")]
            Place::Outside { generated, .. } => quote!(#generated::#(#down::)* #(#name)::*),
        }
    }

    /// The path to a type.
    pub(crate) fn def(&self, id: DefId) -> TokenStream {
        let def = self.model.def(id);
        self.path(def.module, &def.head.rust)
    }

    /// The Rust type.
    pub(crate) fn ty(&self, ty: &Ty) -> TokenStream {
        self.ty_in(ty, false)
    }

    /// The Rust type, as part of a map key or not: keys need order and equality all through.
    pub(super) fn ty_in(&self, ty: &Ty, key: bool) -> TokenStream {
        match ty {
            Ty::Base(base) => self.base(*base, key),
            Ty::Def(id) => match &self.model.def(*id).kind {
                DefKind::Typedef(target) if key => self.ty_in(target, true),
                _ => self.def(*id),
            },
            Ty::WellKnown(name) => well_known(name),
            Ty::List(item) => {
                let (vec, item) = (self.std("Vec"), self.ty_in(item, key));
                quote!(#vec<#item>)
            }
            Ty::Set(maps, item) => {
                let (name, item) = (self.set(*maps, item, key), self.ty_in(item, true));
                quote!(#name<#item>)
            }
            Ty::Map(maps, of, value) => {
                let (name, of, value) = (self.map(*maps, of, key), self.ty_in(of, true), self.ty_in(value, key));
                quote!(#name<#of, #value>)
            }
        }
    }

    fn base(&self, base: Base, key: bool) -> TokenStream {
        match base {
            Base::Bool => quote!(bool),
            Base::I8 => quote!(i8),
            Base::I16 => quote!(i16),
            Base::I32 => quote!(i32),
            Base::I64 => quote!(i64),
            Base::Double if key => quote!(::runtime::thrift::Double),
            Base::Double => quote!(f64),
            Base::String => self.std("String"),
            Base::Binary => quote!(::runtime::Bytes),
            Base::Uuid => quote!(::runtime::thrift::Uuid),
        }
    }

    /// The set type for elements of a type: ordered inside keys and where a double is inside.
    pub(super) fn set(&self, maps: Maps, item: &Ty, key: bool) -> TokenStream {
        let ordered = key || maps == Maps::BTree || self.holds_double(item, &mut BTreeSet::new());
        if ordered { quote!(::std::collections::BTreeSet) } else { quote!(::std::collections::HashSet) }
    }

    /// The map type for keys of a type.
    pub(super) fn map(&self, maps: Maps, of: &Ty, key: bool) -> TokenStream {
        let ordered = key || maps == Maps::BTree || self.holds_double(of, &mut BTreeSet::new());
        if ordered { quote!(::std::collections::BTreeMap) } else { quote!(::std::collections::HashMap) }
    }

    fn holds_double(&self, ty: &Ty, seen: &mut BTreeSet<DefId>) -> bool {
        match ty {
            Ty::Base(base) => *base == Base::Double,
            Ty::WellKnown(_) => false,
            Ty::List(item) | Ty::Set(_, item) => self.holds_double(item, seen),
            Ty::Map(_, key, value) => self.holds_double(key, seen) || self.holds_double(value, seen),
            Ty::Def(id) if !seen.insert(*id) => false,
            Ty::Def(id) => match &self.model.def(*id).kind {
                DefKind::Typedef(target) => self.holds_double(target, seen),
                DefKind::Struct(it) => it.fields.iter().any(|it| self.holds_double(&it.ty, seen)),
                DefKind::Union(fields) => fields.iter().any(|it| self.holds_double(&it.ty, seen)),
                DefKind::Enum(_) | DefKind::Proto(_) => false,
            },
        }
    }

    /// A field's Rust type.
    pub(crate) fn field(&self, field: &Field, key: bool) -> TokenStream {
        let ty = self.ty_in(&field.ty, key);
        let (option, boxed) = (self.std("Option"), self.std("Box"));
        match field.wrap {
            Wrap::Plain => ty,
            Wrap::Option => quote!(#option<#ty>),
            Wrap::OptionBox => quote!(#option<#boxed<#ty>>),
            Wrap::Box => quote!(#boxed<#ty>),
        }
    }

    /// The wire type's name in `thrift::Type`.
    pub(super) fn kind(&self, ty: &Ty) -> TokenStream {
        let name = match self.model.real(ty) {
            Ty::Base(Base::Bool) => "Bool",
            Ty::Base(Base::I8) => "I8",
            Ty::Base(Base::I16) => "I16",
            Ty::Base(Base::I32) => "I32",
            Ty::Base(Base::I64) => "I64",
            Ty::Base(Base::Double) => "Double",
            Ty::Base(Base::String | Base::Binary) => "String",
            Ty::Base(Base::Uuid) => "Uuid",
            Ty::List(_) => "List",
            Ty::Set(..) => "Set",
            Ty::Map(..) => "Map",
            Ty::Def(id) if matches!(self.model.def(*id).kind, DefKind::Enum(_)) => "I32",
            Ty::Def(_) | Ty::WellKnown(_) => "Struct",
        };
        let name = ident(name);
        quote!(thrift::Type::#name)
    }
}

/// The Rust type that prost uses for a message of `google.protobuf`.
fn well_known(name: &str) -> TokenStream {
    match name {
        "Empty" => quote!(()),
        "BoolValue" => quote!(bool),
        "BytesValue" => quote!(::std::vec::Vec<u8>),
        "DoubleValue" => quote!(f64),
        "FloatValue" => quote!(f32),
        "Int32Value" => quote!(i32),
        "Int64Value" => quote!(i64),
        "StringValue" => quote!(::std::string::String),
        "UInt32Value" => quote!(u32),
        "UInt64Value" => quote!(u64),
        other => {
            let mut path: Vec<&str> = other.split('.').collect();
            let last = ident(&names::proto_type(path.pop().unwrap_or_default()));
            let path = path.into_iter().map(|part| ident(&names::proto_field(part)));
            quote!(::runtime::prost_types::#(#path::)*#last)
        }
    }
}

/// An identifier token; raw names carry their `r#`.
pub(crate) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// The attributes of a struct or a union: the standard derives and what options ask for.
pub(super) fn attributes(def: &Def, default: bool) -> TokenStream {
    let mut standard = vec!["Clone", "Debug", "PartialEq"];
    if def.key {
        standard.extend(["Eq", "PartialOrd", "Ord", "Hash"]);
    }
    if default {
        standard.push("Default");
    }
    derive(def, &standard, def.defaultable && matches!(def.kind, DefKind::Struct(_)))
}

/// `#[derive(…)]` of standard traits and of what options ask for; `absent` when serde may leave
/// fields out.
pub(super) fn derive(def: &Def, standard: &[&str], absent: bool) -> TokenStream {
    let bare = |path: &str| crate::resolve::derives::known(path).unwrap_or_default().to_owned();
    let more = def.derive.iter();
    let more = more.filter(|it| !standard.contains(&it.as_str()) && !standard.contains(&bare(it).as_str()));
    let more: BTreeSet<&String> = more.collect();
    let more = more.into_iter().filter_map(|it| syn::parse_str::<syn::Path>(it).ok());
    let standard = standard.iter().map(|it| ident(it));
    let serde = def.serde.then(|| quote!(, ::runtime::serde::Serialize, ::runtime::serde::Deserialize));
    let how = def.serde.then(|| {
        let absent = absent.then(|| quote!(, default));
        quote!(#[serde(crate = "::runtime::serde" #absent)])
    });
    quote!(#[derive(#(#standard),* #(, #more)* #serde)] #how)
}

/// serde's name of a field or a union's member where Rust's is another.
pub(super) fn serde_name(def: &Def, head: &Head) -> Option<TokenStream> {
    let name = &head.name;
    (def.serde && head.rust.trim_start_matches("r#") != name).then(|| quote!(#[serde(rename = #name)]))
}

/// Whether a constant can be a `const` item.
pub(super) fn plain(model: &Model, constant: &Const) -> bool {
    match model.real(&constant.ty) {
        Ty::Base(_) => true,
        Ty::Def(id) => matches!(model.def(*id).kind, DefKind::Enum(_)),
        _ => false,
    }
}
