//! The messages and enums of the files that the program brings along, as far as those of the user hold them: a file that
//! is imported for its options alone makes no type.

use std::collections::{HashMap, HashSet};

use crate::ir::draft::{Draft, File, Item, Type, TypeKind};

/// Drops what no file of the user reaches, and puts the rest behind the user's files.
pub(super) fn keep(draft: &mut Draft) {
    if !draft.files.iter().any(|file| file.built_in) {
        return;
    }
    let used = reached(&draft.files);
    for file in draft.files.iter_mut().filter(|file| file.built_in) {
        let package = package(file);
        file.items.retain(|item| used.contains(&outermost(&package, item)));
    }
    let is_kept = |file: &File| !file.built_in || !file.items.is_empty();
    let mut order: Vec<usize> = (0..draft.files.len()).filter(|at| is_kept(&draft.files[*at])).collect();
    order.sort_by_key(|at| draft.files[*at].built_in);
    let places: HashMap<usize, usize> = order.iter().zip(0..).map(|(old, new)| (*old, new)).collect();
    let mut old: HashMap<usize, File> = draft.files.drain(..).enumerate().collect();
    draft.files.extend(order.iter().filter_map(|at| old.remove(at)));
    for file in &mut draft.files {
        file.includes.retain_mut(|include| match places.get(&include.file) {
            Some(place) => {
                include.file = *place;
                true
            }
            None => false,
        });
    }
}

/// The full names of the outermost messages and enums that are kept.
fn reached(files: &[File]) -> HashSet<String> {
    let mut held: HashMap<String, Vec<String>> = HashMap::new();
    let mut open = Vec::new();
    for file in files {
        let package = package(file);
        for item in &file.items {
            let types = names(item);
            if file.built_in {
                held.entry(outermost(&package, item)).or_default().extend(types);
            } else {
                open.extend(types);
            }
        }
    }
    let mut used = HashSet::new();
    while let Some(name) = open.pop() {
        // A name of something inside a message means the message as a whole.
        let outer = name.match_indices('.').map(|(dot, _)| &name[..dot]).chain([name.as_str()]);
        if let Some((outer, types)) = outer.filter_map(|it| held.get_key_value(it)).next()
            && used.insert(outer.clone())
        {
            open.extend(types.iter().cloned());
        }
    }
    used
}

/// `.pkg` or nothing.
fn package(file: &File) -> String {
    file.namespaces.first().map_or_else(String::new, |it| format!(".{}", it.name.text))
}

fn outermost(package: &str, item: &Item) -> String {
    let name = &item.head().name.text;
    format!("{package}.{}", name.split('.').next().unwrap_or(name))
}

/// The types that an item names.
fn names(item: &Item) -> Vec<String> {
    let mut types: Vec<&Type> = match item {
        Item::Struct(it) => it.fields.iter().map(|field| &field.ty).collect(),
        Item::Service(it) => {
            let methods = it.methods.iter();
            methods.flat_map(|it| it.arguments.iter().map(|argument| &argument.ty).chain(&it.result)).collect()
        }
        Item::Typedef(_) | Item::Const(_) | Item::Enum(_) => Vec::new(),
    };
    let mut names = Vec::new();
    while let Some(ty) = types.pop() {
        match &ty.kind {
            TypeKind::Base(_) => {}
            TypeKind::Named(name) => names.push(name.clone()),
            TypeKind::List(item) | TypeKind::Set(item) => types.push(item),
            TypeKind::Map(key, value) => types.extend([&**key, &**value]),
        }
    }
    names
}
