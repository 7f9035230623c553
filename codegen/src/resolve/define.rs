//! The second pass: what each declared definition holds, with its types found. Only values come later.

use std::collections::{HashMap, HashSet};

use super::declare::{self, Declared, DeclaredConst, DeclaredService, DeclaredType};
use super::scope::{Scope, Symbol};
use super::types::From;
use super::{names, services, types};
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::choices::Ids;
use crate::ir::draft::{self, Draft, Item};
use crate::ir::model::{
    Def, DefKind, ErrorEnum, Field, Head, Member, Method, Model, ModuleId, Presence, Requiredness, Service, ServiceId,
    Struct, StructKind, Ty, Wrap,
};
use crate::ir::numbers;
use crate::options::{IDEMPOTENT, On, Options};

/// Names that generated code gives to parameters beside the IDL's own.
const ARGUMENTS_TAKEN: &[&str] = &["cx"];

/// Constants and defaults that have a type and no value yet.
#[derive(Default)]
pub(super) struct Unvalued {
    pub(super) consts: Vec<TypedConst>,
    /// The fields that have a default, by struct and place. Whether there is one matters before its value is known.
    defaults: HashSet<(usize, usize)>,
}

/// A constant whose type is known.
pub(super) struct TypedConst {
    pub(super) head: Head,
    pub(super) module: ModuleId,
    pub(super) ty: Ty,
}

impl Unvalued {
    /// Whether a field of a struct has a default.
    pub(super) fn has_default(&self, def: usize, field: usize) -> bool {
        self.defaults.contains(&(def, field))
    }
}

/// Defines everything that was declared. The model has neither constants nor default values.
pub(super) fn define(
    draft: &Draft,
    scope: &Scope,
    options: &Options,
    declared: Declared,
    found: &mut Diagnostics,
) -> (Model, Unvalued) {
    let mut registry_names = services::registry_names(&declared).into_iter();
    let Declared { files, modules, types, consts, services } = declared;
    let (mut types, mut consts, mut services) = (types.into_iter(), consts.into_iter(), services.into_iter());
    let (descriptors, json, openapi) = (draft.descriptors.clone(), options.json, options.openapi);
    let mut model = Model { files, modules, descriptors, json, openapi, ..Model::default() };
    let mut unvalued = Unvalued::default();
    for (file, it) in draft.files.iter().enumerate() {
        let from = From { scope, file, maps: options.maps, strings: options.strings };
        for item in &it.items {
            match item {
                Item::Const(item) => unvalued.consts.extend(consts.next().map(|DeclaredConst { head, module }| {
                    TypedConst { head, module, ty: types::ty(&item.ty, from, found) }
                })),
                Item::Service(item) => {
                    let named = services.next().zip(registry_names.next());
                    model.services.extend(named.map(|named| service(item, named, from, options, found)));
                }
                _ => {
                    let index = model.defs.len();
                    let define = |declared| define_type(item, (index, declared), from, options, &mut unvalued, found);
                    model.defs.extend(types.next().and_then(define));
                }
            }
        }
    }
    typedef_cycles(&mut model, found);
    service_cycles(draft, &mut model, found);
    thrown_types(draft, &model, found);
    error_names(&mut model);
    (model, unvalued)
}

fn define_type(
    item: &Item,
    (at, declared): (usize, DeclaredType),
    from: From<'_>,
    options: &Options,
    unvalued: &mut Unvalued,
    found: &mut Diagnostics,
) -> Option<Def> {
    let DeclaredType { head, module, serde, derive, proto } = declared;
    let kind = match (proto, item) {
        (Some(proto), _) => DefKind::Proto(proto),
        (None, Item::Enum(item)) if item.strings => DefKind::Typedef(Ty::Base(draft::Base::String)),
        (None, Item::Enum(item)) => DefKind::Enum(members(item, found)),
        (None, Item::Struct(item)) => define_struct(item, at, from, options, unvalued, found),
        (None, Item::Typedef(item)) => DefKind::Typedef(types::ty(&item.target, from, found)),
        (None, Item::Const(_) | Item::Service(_)) => return None,
    };
    // What is a key and what has no `Default` is seen when all types are known.
    Some(Def { head, module, kind, key: false, defaultable: true, serde, derive })
}

fn members(item: &draft::Enum, found: &mut Diagnostics) -> Vec<Member> {
    let mut names = HashMap::new();
    item.members
        .iter()
        .zip(numbers::members(&item.members))
        .map(|(member, number)| {
            let head = declare::head(&member.head, names::constant_name, found);
            clash(&mut names, &head.rust, &member.head.name, found);
            Member { head, number: i32::try_from(number).unwrap_or_default() }
        })
        .collect()
}

/// Two different names that are one in Rust; equal names are a finding of `check`.
fn clash(names: &mut HashMap<String, draft::Name>, rust: &str, name: &draft::Name, found: &mut Diagnostics) {
    match names.get(rust) {
        Some(first) if first.text == name.text => {}
        Some(first) => found.push(text::rust_clash(name, first, rust)),
        None => {
            names.insert(rust.to_owned(), name.clone());
        }
    }
}

fn define_struct(
    item: &draft::Struct,
    def: usize,
    from: From<'_>,
    options: &Options,
    unvalued: &mut Unvalued,
    found: &mut Diagnostics,
) -> DefKind {
    let union = item.kind == StructKind::Union;
    let rename = if union { names::variant_name } else { names::snake_name };
    let options = options.with(&item.head.annotations, On::Struct);
    let from = from.with(&options);
    let mut fields = fields(&item.fields, rename, from, options.ids, found);
    if union {
        for (field, written) in fields.iter_mut().zip(&item.fields) {
            field.presence = Presence::Always;
            if field.head.rust == "Unknown" {
                field.head.rust = "Unknown_".to_owned();
            }
            field.wrap = if written.reference { Wrap::Box } else { Wrap::Plain };
        }
    } else {
        let defaults = item.fields.iter().enumerate().filter(|(_, written)| written.default.is_some());
        unvalued.defaults.extend(defaults.map(|(field, _)| (def, field)));
        for (field, written) in fields.iter_mut().zip(&item.fields) {
            // An optional field with a default is a plain value that is left out when equal to it.
            (field.wrap, field.presence) = match (field.requiredness, written.default.is_some()) {
                (Requiredness::Optional, true) => (Wrap::Plain, Presence::WhenNotDefault),
                (Requiredness::Optional, false) => (Wrap::Option, Presence::WhenSome),
                _ => (Wrap::Plain, Presence::Always),
            };
            if written.reference {
                field.wrap = if field.requiredness == Requiredness::Required { Wrap::Box } else { Wrap::OptionBox };
                field.presence = if field.wrap == Wrap::Box { Presence::Always } else { Presence::WhenSome };
            }
        }
    }
    if union { DefKind::Union(fields) } else { DefKind::Struct(Struct { kind: item.kind, fields }) }
}

/// Fields with their types; presence and wrap as for an argument.
fn fields(
    written: &[draft::Field],
    rename: fn(&str) -> String,
    from: From<'_>,
    ids: Ids,
    found: &mut Diagnostics,
) -> Vec<Field> {
    let mut names = HashMap::new();
    written
        .iter()
        .zip(numbers::fields(written, ids))
        .map(|(field, id)| {
            let head = declare::head(&field.head, rename, found);
            clash(&mut names, &head.rust, &field.head.name, found);
            Field {
                head,
                id: i16::try_from(id).unwrap_or_default(),
                requiredness: field.requiredness,
                ty: types::ty(&field.ty, from.within(&field.head.annotations), found),
                wrap: Wrap::Plain,
                presence: Presence::Always,
                default: None,
                json: json_name(&field.head.annotations),
            }
        })
        .collect()
}

/// The name that Hertz' `api.body` or Go's `json` tag gives a field in JSON.
fn json_name(annotations: &[draft::Annotation]) -> Option<String> {
    let value = |key: &str| annotations.iter().find(|it| it.key.text == key)?.value.as_ref().map(|it| it.text.as_str());
    let tag = || value("go.tag")?.split_once("json:\"")?.1.split('"').next();
    let name = value("api.body").or_else(tag)?.split(',').next()?.trim();
    (!name.is_empty() && name != "-").then(|| name.to_owned())
}

fn service(
    item: &draft::Service,
    (declared, registry_name): (DeclaredService, String),
    from: From<'_>,
    options: &Options,
    found: &mut Diagnostics,
) -> Service {
    let options = options.with(&item.head.annotations, On::Service);
    let mut names = HashMap::new();
    let methods = item
        .methods
        .iter()
        .map(|method| {
            let method = define_method(method, from, &options, found);
            let name = draft::Name { text: method.head.name.clone(), span: method.head.span };
            clash(&mut names, &method.head.rust, &name, found);
            method
        })
        .collect();
    let extends = item.extends.as_ref().and_then(|base| base_service(base, from, found));
    let DeclaredService { head, client, server, info, file, module, package } = declared;
    Service { head, client, server, info, file, module, extends, methods, registry_name, package }
}

fn base_service(base: &draft::Name, from: From<'_>, found: &mut Diagnostics) -> Option<ServiceId> {
    let From { scope, file, .. } = from;
    match scope.find(file, &base.text) {
        Some(Symbol::Service(id)) => return Some(id),
        Some(other) => found.push(text::wrong_kind(base.span, &base.text, other.describe(), "a service")),
        None => {
            let nearest = scope.nearest(file, &base.text, |symbol| matches!(symbol, Symbol::Service(_)));
            found.push(text::unknown_service(base, nearest.as_deref()));
        }
    }
    None
}

fn define_method(item: &draft::Method, from: From<'_>, options: &Options, found: &mut Diagnostics) -> Method {
    let options = options.with(&item.head.annotations, On::Service);
    let (from, ids) = (from.with(&options), options.ids);
    let mut arguments = fields(&item.arguments, names::snake_name, from, ids, found);
    for argument in &mut arguments {
        if ARGUMENTS_TAKEN.contains(&argument.head.rust.as_str()) {
            argument.head.rust.push('_');
        }
    }
    let throws = fields(&item.throws, names::variant_name, from, ids, found);
    let head = declare::head(&item.head, names::snake_name, found);
    Method {
        client: names::client_method(&head.rust),
        head,
        oneway: item.oneway.is_some(),
        result: item.result.as_ref().map(|it| types::ty(it, from, found)),
        arguments,
        throws,
        error: None,
        client_streaming: item.client_streaming,
        server_streaming: item.server_streaming,
        routes: Vec::new(),
        idempotent: item.head.annotations.iter().any(|it| {
            let says = it.key.text == IDEMPOTENT || it.key.text == "idempotent";
            says && it.value.as_ref().is_none_or(|value| value.text != "false")
        }),
        safe: item.head.annotations.iter().any(|it| it.key.text == "safe"),
    }
}

fn typedef_cycles(model: &mut Model, found: &mut Diagnostics) {
    let typedef = |def: &crate::ir::model::Def| matches!(def.kind, DefKind::Typedef(_));
    let endless: Vec<usize> =
        (0..model.defs.len()).filter(|&at| typedef(&model.defs[at]) && endless_typedef(at, model)).collect();
    for at in endless {
        let head = &model.defs[at].head;
        found.push(text::typedef_cycle(&draft::Name { text: head.name.clone(), span: head.span }));
        model.defs[at].kind = DefKind::Typedef(Ty::Base(draft::Base::Bool));
    }
}

/// Behind `throws` stand exceptions only.
fn thrown_types(draft: &Draft, model: &Model, found: &mut Diagnostics) {
    let written = draft.files.iter().flat_map(|file| &file.items).filter_map(|item| match item {
        Item::Service(service) => Some(service),
        _ => None,
    });
    for (written, service) in written.zip(&model.services) {
        for (written, method) in written.methods.iter().zip(&service.methods) {
            for (written, entry) in written.throws.iter().zip(&method.throws) {
                let exception = matches!(model.real(&entry.ty), Ty::Def(id) if matches!(
                    &model.def(*id).kind, DefKind::Struct(it) if it.kind == StructKind::Exception));
                // A name that stands for nothing was found already.
                let unknown = matches!((&written.ty.kind, &entry.ty), (draft::TypeKind::Named(_), Ty::Base(_)));
                if !exception && !unknown {
                    found.push(text::throws_other(written.ty.span, &types::show(&entry.ty, model)));
                }
            }
        }
    }
}

/// Whether following a typedef, through containers too, comes back to it: Rust has no such alias.
fn endless_typedef(start: usize, model: &Model) -> bool {
    let mut seen = vec![false; model.defs.len()];
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        let DefKind::Typedef(target) = &model.defs[at].kind else { continue };
        let mut parts = vec![target];
        while let Some(part) = parts.pop() {
            match part {
                Ty::Def(id) if id.0 == start => return true,
                Ty::Def(id) if !std::mem::replace(&mut seen[id.0], true) => open.push(id.0),
                Ty::List(item) | Ty::Set(_, item) => parts.push(item),
                Ty::Map(_, key, value) => parts.extend([&**key, &**value]),
                Ty::Base(_) | Ty::Def(_) | Ty::WellKnown(_) => {}
            }
        }
    }
    false
}

fn service_cycles(draft: &Draft, model: &mut Model, found: &mut Diagnostics) {
    for at in 0..model.services.len() {
        let mut next = model.services[at].extends;
        let mut steps = 0;
        while let Some(ServiceId(base)) = next {
            steps += 1;
            if base == at || steps > model.services.len() {
                let service = written_service(draft, at);
                if let Some(base) = service.and_then(|it| it.extends.as_ref()) {
                    found.push(text::service_cycle(base));
                }
                model.services[at].extends = None;
                break;
            }
            next = model.services[base].extends;
        }
    }
    for service in &model.services {
        inherited(service, model, found);
    }
}

fn written_service(draft: &Draft, index: usize) -> Option<&draft::Service> {
    let services = draft.files.iter().flat_map(|file| &file.items).filter_map(|item| match item {
        Item::Service(service) => Some(service),
        _ => None,
    });
    services.into_iter().nth(index)
}

fn inherited(service: &Service, model: &Model, found: &mut Diagnostics) {
    let Some(base) = service.extends else { return };
    for (owner, method) in model.all_methods(model.service(base)) {
        let Some(own) = service.methods.iter().find(|own| own.head.rust == method.head.rust) else { continue };
        let name = draft::Name { text: own.head.name.clone(), span: own.head.span };
        found.push(text::inherited_method(&name, method.head.span, &owner.head.name));
    }
}

/// The error enum of each method that throws: `FindError`, or `UserServiceFindError` where that is
/// taken in the module.
fn error_names(model: &mut Model) {
    for at in 0..model.services.len() {
        for method in 0..model.services[at].methods.len() {
            if model.services[at].methods[method].throws.is_empty() {
                continue;
            }
            let service = &model.services[at];
            let bare = format!("{}Error", names::upper_camel(&service.methods[method].head.name));
            let (short, long) = (names::ident(&bare), format!("{}{bare}", service.head.rust));
            let free = |name: &str| {
                let used = |rust: &str| rust == name;
                !model.defs.iter().any(|it| it.module == service.module && used(&it.head.rust))
                    && !model.services.iter().filter(|it| it.module == service.module).any(|it| {
                        used(&it.head.rust)
                            || it.methods.iter().any(|it| it.error.as_ref().is_some_and(|it| used(&it.rust)))
                    })
            };
            let mut name = if free(&short) { short } else { long };
            while !free(&name) {
                name.push('_');
            }
            let method = &mut model.services[at].methods[method];
            let mut other = "Other".to_owned();
            while method.throws.iter().any(|it| it.head.rust == other) {
                other.push('_');
            }
            method.error = Some(ErrorEnum { rust: name, other });
        }
    }
}
