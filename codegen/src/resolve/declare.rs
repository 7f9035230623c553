//! The first pass: a place in the model, a module and a Rust name for every definition.

use std::collections::HashMap;

use super::scope::{Scope, Symbol};
use super::{names, prost};
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::{self, Draft, Item, Language, StructKind};
use crate::ir::model::{
    Base, Const, Def, DefId, DefKind, File, Head, Model, Module, ModuleId, Service, ServiceId, Struct, Ty, Value,
};
use crate::options::{On, Options};

/// Module names that would hide what generated code uses.
const HIDING: &[&str] = &[
    "runtime", "thrift", "grpc", "std", "core", "alloc", "bool", "char", "str", "i8", "i16", "i32", "i64", "i128",
    "isize", "u8", "u16", "u32", "u64", "u128", "usize", "f32", "f64",
];

/// Names that no file can have: Rust's own for a folder, and the devices of Windows.
const NO_FILES: &[&str] = &[
    "r#mod", "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The longest name of anything.
const LONGEST: usize = 200;

pub(super) fn declare(draft: &Draft, options: &Options, found: &mut Diagnostics) -> (Model, Scope) {
    let mut model = Model { descriptors: draft.descriptors.clone(), ..Model::default() };
    let mut scope = Scope::new(draft);
    let mut taken = Taken::default();
    for (index, file) in draft.files.iter().enumerate() {
        let module = module(file, &mut model, found);
        model.files.push(File {
            id: file.id,
            language: file.language,
            stem: file.stem.clone(),
            root: file.root,
            module,
        });
        for item in &file.items {
            let symbol = declare_item(item, index, file, options, &mut model, found);
            let name = &item.head().name.text;
            if file.language == Language::Proto {
                scope.add_full(format!("{}.{name}", full_package(file)), symbol);
            } else {
                scope.add(index, name, symbol);
            }
            taken.add(item, symbol, module, &model, found);
        }
    }
    taken.modules(draft, &model, found);
    (model, scope)
}

/// `.pkg` or nothing.
fn full_package(file: &draft::File) -> String {
    file.namespaces.first().map_or_else(String::new, |it| format!(".{}", it.name.text))
}

/// The namespace that counts.
fn namespace(file: &draft::File) -> Option<&draft::Namespace> {
    ["rs", "*", "go"].iter().find_map(|scope| file.namespaces.iter().find(|it| it.scope.text == *scope))
}

/// The module of a file: namespace `rs`, else `*`, else `go`, else the file's stem.
fn module(file: &draft::File, model: &mut Model, found: &mut Diagnostics) -> ModuleId {
    let namespace = namespace(file);
    let name = namespace.map_or(file.stem.as_str(), |it| it.name.text.as_str());
    if let Some(namespace) = namespace {
        for part in name.split('.') {
            check_form(part, namespace.name.span, found);
        }
    }
    let proto = file.language == Language::Proto;
    let path: Vec<String> = name.split('.').map(|part| module_name(part, proto)).collect();
    let package = proto.then(|| namespace.map_or_else(String::new, |it| it.name.text.clone()));
    if let Some(at) = model.modules.iter().position(|it| it.path == path) {
        if package.is_some() {
            model.modules[at].package = package;
        }
        return ModuleId(at);
    }
    model.modules.push(Module { path, package });
    ModuleId(model.modules.len() - 1)
}

/// One segment of a module's path. Anything but letters, digits and `_` becomes `_`, so that no
/// name can leave the folder. Proto's modules keep their names: prost's text refers to them.
fn module_name(part: &str, proto: bool) -> String {
    let clean: String = part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = names::snake_name(&clean);
    let taken = HIDING.contains(&name.as_str()) || NO_FILES.contains(&name.as_str());
    if taken && !proto { format!("{}_", name.trim_start_matches("r#")) } else { name }
}

fn check_form(name: &str, at: crate::source::Span, found: &mut Diagnostics) {
    let fits = !name.is_empty()
        && name.len() <= LONGEST
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !fits {
        found.push(text::name_form(at, name));
    }
}

/// The resolved form of a head with the Rust name that `rename` makes, or `(rust.name = "…")`.
pub(super) fn head(head: &draft::Head, rename: fn(&str) -> String, found: &mut Diagnostics) -> Head {
    let annotation = |key: &str| head.annotations.iter().find(|it| it.key.text == key);
    let name = &head.name.text;
    let chosen = annotation("rust.name").and_then(|it| it.value.as_ref()).unwrap_or(&head.name);
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
        model.services.push(Service {
            head: head(&it.head, names::type_name, found),
            file: index,
            module,
            extends: None,
            methods: Vec::new(),
            registry_name: names::registry_name(&it.head.name.text),
            package: match file.language {
                Language::Proto => full_package(file).trim_start_matches('.').to_owned(),
                Language::Thrift => String::new(),
            },
        });
        return Symbol::Service(ServiceId(model.services.len() - 1));
    }
    let proto = file.language == Language::Proto;
    let kind = match item {
        _ if proto => DefKind::Proto,
        Item::Enum(it) if it.strings => DefKind::Typedef(Ty::Base(Base::String)),
        Item::Enum(_) => DefKind::Enum(Vec::new()),
        Item::Struct(it) if it.kind == StructKind::Union => DefKind::Union(Vec::new()),
        Item::Struct(it) => DefKind::Struct(Struct { kind: it.kind, fields: Vec::new() }),
        _ => DefKind::Typedef(placeholder),
    };
    let mut head = if proto { proto_head(item.head()) } else { head(item.head(), names::type_name, found) };
    if let Some(dot) = item.head().name.text.rfind('.').filter(|_| !proto) {
        head.rust = names::type_name(&item.head().name.text[dot + 1..]);
    }
    let on = if matches!(item, Item::Enum(_)) { On::Enum } else { On::Struct };
    let Options { serde, derive, .. } = options.with(&item.head().annotations, on);
    model.defs.push(Def { head, module, kind, key: false, defaultable: true, serde, derive });
    Symbol::Def(DefId(model.defs.len() - 1))
}

/// A proto type's name as prost makes it: `Outer.Inner` is `outer::Inner`.
fn proto_head(head: &draft::Head) -> Head {
    let mut parts: Vec<&str> = head.name.text.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let mut path: Vec<String> = parts.iter().map(|part| names::snake_name(part)).collect();
    path.push(names::ident(&names::upper_camel(last)));
    Head {
        name: head.name.text.clone(),
        rust: path.join("::"),
        docs: head.docs.clone(),
        span: head.name.span,
        deprecated: None,
    }
}

/// Rust names that are used in each module, with who used them first.
#[derive(Default)]
struct Taken {
    types: HashMap<(ModuleId, String), draft::Name>,
    values: HashMap<(ModuleId, String), draft::Name>,
}

impl Taken {
    fn add(&mut self, item: &Item, symbol: Symbol, module: ModuleId, model: &Model, found: &mut Diagnostics) {
        let name = &item.head().name;
        let names = match symbol {
            Symbol::Const(id) => {
                return Self::take(&mut self.values, module, model.consts[id].head.rust.clone(), name, found);
            }
            Symbol::Def(id) => {
                let rust = &model.def(id).head.rust;
                // An enum is a tuple struct: its name is a function too.
                if matches!(model.def(id).kind, DefKind::Enum(_)) {
                    Self::take(&mut self.values, module, rust.clone(), name, found);
                }
                vec![rust.clone()]
            }
            Symbol::Service(id) => {
                let rust = &model.service(id).head.rust;
                let info = names::constant_name(rust);
                Self::take(&mut self.values, module, info, name, found);
                vec![rust.clone(), names::joined(rust, "Client"), names::joined(rust, "Server")]
            }
        };
        for rust in names {
            Self::take(&mut self.types, module, rust, name, found);
        }
    }

    fn take(
        taken: &mut HashMap<(ModuleId, String), draft::Name>,
        module: ModuleId,
        rust: String,
        name: &draft::Name,
        found: &mut Diagnostics,
    ) {
        match taken.get(&(module, rust.clone())) {
            // Twice in one file is a finding of `check`.
            Some(first) if first.text == name.text && first.span.file == name.span.file => {}
            Some(first) => found.push(text::rust_clash(name, first, &rust)),
            None => {
                taken.insert((module, rust), name.clone());
            }
        }
    }

    /// Modules against what their outer module holds: types, prost's modules of inner messages and
    /// `oneof`s, and names that its text uses.
    fn modules(&self, draft: &Draft, model: &Model, found: &mut Diagnostics) {
        let inner = prost::modules(draft, model);
        for (file, done) in draft.files.iter().zip(&model.files) {
            let path = &model.modules[done.module.0].path;
            for length in 1..=path.len() {
                let (outer, last) = (&path[..length - 1], &path[length - 1]);
                let holder = model.modules.iter().position(|it| it.path == outer).map(ModuleId);
                let user = holder.and_then(|it| self.types.get(&(it, last.clone()))).map(|it| it.text.clone());
                let by = if let Some(message) = inner.get(&path[..length]) {
                    format!("what is inside of the message `{message}`")
                } else if let Some(name) = user {
                    format!("`{name}`")
                } else if NO_FILES.contains(&last.as_str()) {
                    "the file system".to_owned()
                } else if HIDING.contains(&last.as_str()) && holder.is_some() {
                    "generated code itself".to_owned()
                } else {
                    continue;
                };
                let shown = namespace(file).map_or(file.stem.as_str(), |it| it.name.text.as_str());
                let at = namespace(file).map(|it| it.name.span);
                found.push(text::module_clash(shown, at, &path[..length].join("::"), &by));
                break;
            }
        }
    }
}
