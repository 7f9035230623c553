//! The descriptors in generated code, by which its services are called in JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proc_macro2::{Literal, TokenStream};
use prost_types::{FileDescriptorProto, FileDescriptorSet};

use super::{files, is_well_known};
use crate::ir::model::{Model, ModuleId};

/// The encoded descriptors by what services share them with: those of their module and package. Files without a package
/// have modules of their own.
pub(in crate::emit) type Descriptors = BTreeMap<(ModuleId, String), Vec<u8>>;

/// The encoded `FileDescriptorSet` of each module and package with services: its files, and what they
/// import but the well-known ones, which every reader has. Without places and comments.
pub(in crate::emit) fn descriptors(model: &Model) -> Descriptors {
    let mut all = files(model);
    all.iter_mut().for_each(|file| file.source_code_info = None);
    let modules: BTreeMap<&str, ModuleId> = model.files.iter().map(|it| (it.import.as_str(), it.module)).collect();
    let by_name: BTreeMap<&str, &FileDescriptorProto> = all.iter().map(|file| (file.name(), file)).collect();
    let home = |file: &FileDescriptorProto| Some((*modules.get(file.name())?, file.package().to_owned()));
    let homes: BTreeSet<_> = all.iter().filter(|file| !file.service.is_empty()).filter_map(home).collect();
    let set = |wanted: &(ModuleId, String)| {
        let mut names = BTreeSet::new();
        let mut next: Vec<&FileDescriptorProto> =
            all.iter().filter(|file| home(file).as_ref() == Some(wanted)).collect();
        while let Some(file) = next.pop() {
            if !is_well_known(file, model) && names.insert(file.name()) {
                next.extend(file.dependency.iter().filter_map(|name| by_name.get(name.as_str()).copied()));
            }
        }
        // The order of the whole set: dependencies before dependents.
        let file = all.iter().filter(|file| names.contains(file.name())).cloned().collect();
        prost::Message::encode_to_vec(&FileDescriptorSet { file })
    };
    homes.into_iter().map(|home| (home.clone(), set(&home))).collect()
}

/// Bytes as a literal of many lines.
pub(in crate::emit) fn literal(bytes: &[u8]) -> TokenStream {
    let mut text = String::from("b\"\\\n");
    let mut width = 0;
    for byte in bytes {
        let before = text.len();
        match byte {
            // Blanks at the start of a line are not part of the literal.
            b' ' if width == 0 => text.push_str("\\x20"),
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            // Writing to a string does not fail.
            _ => drop(write!(text, "\\x{byte:02x}")),
        }
        width += text.len() - before;
        if width >= WIDTH {
            text.push_str("\\\n");
            width = 0;
        }
    }
    text.push('"');
    let literal = text.parse::<Literal>().unwrap_or_else(|_| Literal::byte_string(bytes));
    quote::quote!(#literal)
}

/// Characters on a line of a literal.
const WIDTH: usize = 100;
