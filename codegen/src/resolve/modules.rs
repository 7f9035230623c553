//! The Rust modules of the files, and those that prost makes of messages. They are decided together:
//! a module gives way, by a `_` behind its name, to what its outer module holds under that name.

use std::collections::{HashMap, HashSet};

use super::{declare, names};
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::{Draft, File, Item, Language, Namespace};

/// Names that generated code imports, where a module holds anything.
const IMPORTED: &[&str] = &["thrift", "grpc", "http_route"];

/// Rust's own types, which a module would hide from the code beside it.
const PRIMITIVE: &[&str] = &[
    "bool", "char", "str", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
    "f32", "f64",
];

/// Crates that Thrift's modules do not hide.
const CRATES: &[&str] = &["runtime", "std", "core", "alloc"];

/// Names that no file can have: Rust's own for a folder, and the devices of Windows.
const NO_FILES: &[&str] = &[
    "r#mod", "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Every module that is decided.
pub(super) struct Modules {
    /// The path of each file's module.
    pub(super) files: Vec<Vec<String>>,
    /// The module of what is inside a proto message, by the message's full name (`.pkg.Outer`).
    pub(super) inner: HashMap<String, String>,
}

pub(super) fn decide(draft: &Draft, found: &mut Diagnostics) -> Modules {
    let inner = inner(draft);
    let wanted: Vec<Vec<String>> = draft.files.iter().map(|file| wanted(file, found)).collect();
    let mut files: Vec<Vec<String>> = vec![Vec::new(); wanted.len()];
    let deepest = wanted.iter().map(Vec::len).max().unwrap_or_default();
    // Outer modules first: what they hold decides over the names inside of them.
    for depth in 0..deepest {
        let whole: Vec<usize> = (0..wanted.len()).filter(|&at| wanted[at].len() == depth).collect();
        let mut held: HashMap<Vec<String>, HashSet<String>> = HashMap::new();
        for &at in &whole {
            held.entry(files[at].clone()).or_default().extend(holds(&draft.files[at], &inner));
        }
        for (path, wanted) in files.iter_mut().zip(&wanted) {
            let Some(name) = wanted.get(depth) else { continue };
            let held = held.get(path);
            let taken = |it: &str| {
                let hides = PRIMITIVE.contains(&it) || IMPORTED.contains(&it);
                NO_FILES.contains(&it) || held.is_some_and(|held| hides || held.contains(it))
            };
            path.push(free(name, taken));
        }
    }
    Modules { files, inner }
}

/// A name with as many `_` behind it as it takes.
fn free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut name = name.to_owned();
    while taken(&name) {
        name = format!("{}_", name.trim_start_matches("r#"));
    }
    name
}

/// The names of types and modules that the module of a file has from it.
fn holds(file: &File, inner: &HashMap<String, String>) -> Vec<String> {
    let package = full_package(file);
    let mut names = Vec::new();
    for item in file.items.iter().filter(|it| !matches!(it, Item::Const(_))) {
        let name = &item.head().name.text;
        if file.language == Language::Thrift {
            names.push(names::type_name(&declare::chosen(item.head()).text));
        } else if !name.contains('.') {
            names.push(names::proto_type(name));
            names.extend(inner.get(&format!("{package}.{name}")).cloned());
        }
    }
    names
}

/// The namespace that counts.
pub(super) fn namespace(file: &File) -> Option<&Namespace> {
    ["rs", "*", "go"].iter().find_map(|scope| file.namespaces.iter().find(|it| it.scope.text == *scope))
}

/// `.pkg` or nothing.
pub(super) fn full_package(file: &File) -> String {
    file.namespaces.first().map_or_else(String::new, |it| format!(".{}", it.name.text))
}

/// The module that a file asks for: namespace `rs`, else `*`, else `go`, else the file's stem.
fn wanted(file: &File, found: &mut Diagnostics) -> Vec<String> {
    let namespace = namespace(file);
    let name = namespace.map_or(file.stem.as_str(), |it| it.name.text.as_str());
    if let Some(namespace) = namespace {
        for part in name.split('.') {
            check_form(part, namespace.name.span, found);
        }
    }
    name.split('.').map(|part| module_name(part, file.language)).collect()
}

/// One segment of a module's path. Anything but letters, digits and `_` becomes `_`, so that no
/// name can leave the folder.
fn module_name(part: &str, language: Language) -> String {
    let clean: String = part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let hides = |it: &str| [PRIMITIVE, IMPORTED, CRATES].iter().any(|names| names.contains(&it));
    free(&names::snake_name(&clean), |it| language == Language::Thrift && hides(it))
}

fn check_form(name: &str, at: crate::source::Span, found: &mut Diagnostics) {
    let fits = !name.is_empty()
        && name.len() <= declare::LONGEST
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !fits {
        found.push(text::name_form(at, name));
    }
}

/// The module of each message with something inside, by the message's full name.
fn inner(draft: &Draft) -> HashMap<String, String> {
    let mut types: HashMap<String, HashSet<String>> = HashMap::new();
    let mut holders = Vec::new();
    let proto = draft.files.iter().filter(|it| it.language == Language::Proto);
    for (file, item) in proto.flat_map(|file| file.items.iter().map(move |item| (file, item))) {
        if matches!(item, Item::Service(_)) {
            continue;
        }
        let full = format!("{}.{}", full_package(file), item.head().name.text);
        let (outer, name) = full.rsplit_once('.').unwrap_or_default();
        types.entry(outer.to_owned()).or_default().insert(names::proto_type(name));
        let Item::Struct(message) = item else { continue };
        let nested = message.head.name.text.contains('.');
        for oneof in &message.oneofs {
            types.entry(full.clone()).or_default().insert(names::proto_type(&oneof.text));
        }
        holders.push((full, nested));
    }
    holders.retain(|(full, _)| types.contains_key(full));
    let decided = holders.into_iter().map(|(full, nested)| {
        let (outer, name) = full.rsplit_once('.').unwrap_or_default();
        let beside = types.get(outer);
        let taken = |it: &str| {
            PRIMITIVE.contains(&it)
                || !nested && IMPORTED.contains(&it)
                || beside.is_some_and(|types| types.contains(it))
        };
        (full.clone(), free(&names::proto_field(name), taken))
    });
    decided.collect()
}
