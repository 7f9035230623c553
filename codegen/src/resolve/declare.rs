//! The first pass: an id, a module and a Rust name for every definition, and nothing of what it holds yet.

use std::collections::HashMap;

use super::modules::{self, Modules};
use super::names;
use super::scope::{Scope, Symbol};
use super::taken::Taken;
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::{self, Draft, Item, Language};
use crate::ir::model::{DefId, File, Head, Module, ModuleId, Proto, ServiceId};
use crate::options::{On, Options};

/// The longest name of anything.
pub(super) const LONGEST: usize = 200;

/// The declarations of all files, in the order of the model's arenas.
#[derive(Default)]
pub(super) struct Declared {
    pub(super) files: Vec<File>,
    pub(super) modules: Vec<Module>,
    pub(super) types: Vec<DeclaredType>,
    pub(super) consts: Vec<DeclaredConst>,
    pub(super) services: Vec<DeclaredService>,
}

/// A type that has a name.
pub(super) struct DeclaredType {
    pub(super) head: Head,
    pub(super) module: ModuleId,
    pub(super) serde: bool,
    pub(super) derive: Vec<String>,
    /// The message or enum of proto: the whole of it is known by its name.
    pub(super) proto: Option<Proto>,
}

/// A constant that has a name.
pub(super) struct DeclaredConst {
    pub(super) head: Head,
    pub(super) module: ModuleId,
}

/// A service that has its names, but the one in a registry.
pub(super) struct DeclaredService {
    pub(super) head: Head,
    pub(super) client: String,
    pub(super) server: String,
    pub(super) info: String,
    pub(super) file: usize,
    pub(super) module: ModuleId,
    pub(super) package: String,
}

/// Declares every definition of every file; findings are names that clash or cannot be.
pub(super) fn declare(draft: &Draft, options: &Options, found: &mut Diagnostics) -> (Declared, Scope) {
    let mut declared = Declared::default();
    let mut scope = Scope::new(draft);
    let mut taken = Taken::default();
    let Modules { files, inner } = modules::decide(draft, found);
    for ((index, file), path) in draft.files.iter().enumerate().zip(files) {
        let module = declared.modules.iter().position(|it| it.path == path).unwrap_or_else(|| {
            declared.modules.push(Module { path });
            declared.modules.len() - 1
        });
        declared.files.push(File {
            id: file.id,
            language: file.language,
            stem: file.stem.clone(),
            import: file.import.clone(),
            root: file.root,
            built_in: file.built_in,
            module: ModuleId(module),
        });
        for item in &file.items {
            let symbol = if let (Language::Proto, Item::Struct(_) | Item::Enum(_)) = (file.language, item) {
                declare_proto(item, index, file, &inner, &mut declared)
            } else {
                declare_item(item, index, file, options, &mut declared, found)
            };
            let name = &item.head().name.text;
            if file.language == Language::Proto {
                scope.add_full(format!("{}.{name}", modules::full_package(file)), symbol);
            } else {
                scope.add(index, name, symbol);
            }
            taken.add(item, file, symbol, &declared, found);
        }
    }
    (declared, scope)
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
    declared: &mut Declared,
    found: &mut Diagnostics,
) -> Symbol {
    let module = declared.files[index].module;
    if let Item::Const(it) = item {
        let head = head(&it.head, names::constant_name, found);
        declared.consts.push(DeclaredConst { head, module });
        return Symbol::Const(declared.consts.len() - 1);
    }
    if let Item::Service(it) = item {
        let head = head(&it.head, names::type_name, found);
        declared.services.push(DeclaredService {
            client: names::joined(&head.rust, "Client"),
            server: names::joined(&head.rust, "Server"),
            info: names::constant_name(head.rust.trim_start_matches("r#")),
            head,
            file: index,
            module,
            package: match file.language {
                Language::Proto => modules::full_package(file).trim_start_matches('.').to_owned(),
                Language::Thrift => String::new(),
            },
        });
        return Symbol::Service(ServiceId(declared.services.len() - 1));
    }
    let head = head(item.head(), names::type_name, found);
    let on = if matches!(item, Item::Enum(_)) { On::Enum } else { On::Struct };
    let Options { serde, derive, .. } = options.with(&item.head().annotations, on);
    declared.types.push(DeclaredType { head, module, serde, derive, proto: None });
    Symbol::Def(DefId(declared.types.len() - 1))
}

/// A proto message or enum: `Outer.Inner` is `outer::Inner`.
fn declare_proto(
    item: &Item,
    index: usize,
    file: &draft::File,
    inner: &HashMap<String, String>,
    declared: &mut Declared,
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
    declared.types.push(DeclaredType {
        head: Head {
            name: head.name.text.clone(),
            rust,
            docs: head.docs.clone(),
            span: head.name.span,
            deprecated: None,
        },
        module: declared.files[index].module,
        serde: false,
        derive: Vec::new(),
        proto: Some(Proto { full, message: matches!(item, Item::Struct(_)), inner }),
    });
    Symbol::Def(DefId(declared.types.len() - 1))
}
