//! The first pass: a place in the model, a module and a Rust name for every definition.

use std::collections::HashMap;

use super::modules::{self, Modules};
use super::names;
use super::scope::{Scope, Symbol};
use super::taken::Taken;
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::{self, Draft, Item, Language, StructKind};
use crate::ir::model::{
    Base, Const, Def, DefId, DefKind, File, Head, Model, Module, ModuleId, Proto, Service, ServiceId, Struct, Ty, Value,
};
use crate::options::{On, Options};

/// The longest name of anything.
pub(super) const LONGEST: usize = 200;

pub(super) fn declare(draft: &Draft, options: &Options, found: &mut Diagnostics) -> (Model, Scope) {
    let mut model = Model { descriptors: draft.descriptors.clone(), ..Model::default() };
    let mut scope = Scope::new(draft);
    let mut taken = Taken::default();
    let Modules { files, inner } = modules::decide(draft, found);
    for ((index, file), path) in draft.files.iter().enumerate().zip(files) {
        let module = model.modules.iter().position(|it| it.path == path).unwrap_or_else(|| {
            model.modules.push(Module { path });
            model.modules.len() - 1
        });
        model.files.push(File {
            id: file.id,
            language: file.language,
            stem: file.stem.clone(),
            import: file.import.clone(),
            root: file.root,
            module: ModuleId(module),
        });
        for item in &file.items {
            let symbol = if let (Language::Proto, Item::Struct(_) | Item::Enum(_)) = (file.language, item) {
                declare_proto(item, index, file, &inner, &mut model)
            } else {
                declare_item(item, index, file, options, &mut model, found)
            };
            let name = &item.head().name.text;
            if file.language == Language::Proto {
                scope.add_full(format!("{}.{name}", modules::full_package(file)), symbol);
            } else {
                scope.add(index, name, symbol);
            }
            taken.add(item, file, symbol, &model, found);
        }
    }
    (model, scope)
}

/// The name that `(rust.name = "…")` gives, or else the IDL's own.
pub(super) fn chosen(head: &draft::Head) -> &draft::Name {
    let annotation = head.annotations.iter().find(|it| it.key.text == "rust.name");
    annotation.and_then(|it| it.value.as_ref()).unwrap_or(&head.name)
}

/// The resolved form of a head with the Rust name that `rename` makes, or `(rust.name = "…")`.
pub(super) fn head(head: &draft::Head, rename: fn(&str) -> String, found: &mut Diagnostics) -> Head {
    let annotation = |key: &str| head.annotations.iter().find(|it| it.key.text == key);
    let name = &head.name.text;
    let chosen = chosen(head);
    let identifier = chosen.text.len() <= LONGEST
        && !chosen.text.starts_with(|c: char| c.is_ascii_digit())
        && chosen.text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !identifier || chosen.text.is_empty() {
        found.push(text::name_form(chosen.span, &chosen.text));
    }
    Head {
        name: name.clone(),
        rust: rename(&chosen.text),
        docs: head.docs.clone(),
        span: head.name.span,
        deprecated: annotation("deprecated")
            .map(|it| it.value.as_ref().map_or_else(String::new, |value| value.text.clone())),
    }
}

fn declare_item(
    item: &Item,
    index: usize,
    file: &draft::File,
    options: &Options,
    model: &mut Model,
    found: &mut Diagnostics,
) -> Symbol {
    let module = ModuleId(model.files[index].module.0);
    let placeholder = Ty::Base(Base::Bool);
    if let Item::Const(it) = item {
        let head = head(&it.head, names::constant_name, found);
        model.consts.push(Const { head, module, ty: placeholder, value: Value::Bool(false) });
        return Symbol::Const(model.consts.len() - 1);
    }
    if let Item::Service(it) = item {
        let head = head(&it.head, names::type_name, found);
        model.services.push(Service {
            client: names::joined(&head.rust, "Client"),
            server: names::joined(&head.rust, "Server"),
            info: names::constant_name(head.rust.trim_start_matches("r#")),
            head,
            file: index,
            module,
            extends: None,
            methods: Vec::new(),
            registry_name: names::registry_name(&it.head.name.text),
            package: match file.language {
                Language::Proto => modules::full_package(file).trim_start_matches('.').to_owned(),
                Language::Thrift => String::new(),
            },
        });
        return Symbol::Service(ServiceId(model.services.len() - 1));
    }
    let kind = match item {
        Item::Enum(it) if it.strings => DefKind::Typedef(Ty::Base(Base::String)),
        Item::Enum(_) => DefKind::Enum(Vec::new()),
        Item::Struct(it) if it.kind == StructKind::Union => DefKind::Union(Vec::new()),
        Item::Struct(it) => DefKind::Struct(Struct { kind: it.kind, fields: Vec::new() }),
        _ => DefKind::Typedef(placeholder),
    };
    let head = head(item.head(), names::type_name, found);
    let on = if matches!(item, Item::Enum(_)) { On::Enum } else { On::Struct };
    let Options { serde, derive, .. } = options.with(&item.head().annotations, on);
    model.defs.push(Def { head, module, kind, key: false, defaultable: true, serde, derive });
    Symbol::Def(DefId(model.defs.len() - 1))
}

/// A proto message or enum: `Outer.Inner` is `outer::Inner`.
fn declare_proto(
    item: &Item,
    index: usize,
    file: &draft::File,
    inner: &HashMap<String, String>,
    model: &mut Model,
) -> Symbol {
    let head = item.head();
    let package = modules::full_package(file);
    let mut path: Vec<String> = Vec::new();
    for (dot, _) in head.name.text.match_indices('.') {
        path.extend(inner.get(&format!("{package}.{}", &head.name.text[..dot])).cloned());
    }
    let within = |name: &str| path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("::");
    let full = format!("{package}.{}", head.name.text);
    let last = head.name.text.rsplit('.').next().unwrap_or_default();
    let rust = within(&names::proto_type(last));
    let inner = inner.get(&full).map(|it| within(it));
    model.defs.push(Def {
        head: Head {
            name: head.name.text.clone(),
            rust,
            docs: head.docs.clone(),
            span: head.name.span,
            deprecated: None,
        },
        module: model.files[index].module,
        kind: DefKind::Proto(Proto { full, message: matches!(item, Item::Struct(_)), inner }),
        key: false,
        defaultable: true,
        serde: false,
        derive: Vec::new(),
    });
    Symbol::Def(DefId(model.defs.len() - 1))
}
