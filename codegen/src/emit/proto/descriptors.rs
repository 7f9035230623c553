//! The descriptors in generated code, which reflection shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proc_macro2::{Literal, TokenStream};
use prost::encoding::{self, DecodeContext, WireType};
use prost_types::FileDescriptorProto;

use super::files;
use crate::ir::model::{Model, ModuleId};

/// The encoded descriptors by what services share them with: those of their module and package. Files without a package
/// have modules of their own.
pub(in crate::emit) type Descriptors = BTreeMap<(ModuleId, String), Vec<u8>>;

/// The encoded `FileDescriptorSet` of each module and package with services: its files, and what they
/// import. Without places and comments.
pub(in crate::emit) fn descriptors(model: &Model) -> Descriptors {
    let all = files(model);
    let raw: Vec<Vec<u8>> = fields(&model.descriptors).map(|(_, _, file)| without_places(file)).collect();
    let modules: BTreeMap<&str, ModuleId> = model.files.iter().map(|it| (it.import.as_str(), it.module)).collect();
    let by_name: BTreeMap<&str, &FileDescriptorProto> = all.iter().map(|file| (file.name(), file)).collect();
    let home = |file: &FileDescriptorProto| Some((*modules.get(file.name())?, file.package().to_owned()));
    let homes: BTreeSet<_> = all.iter().filter(|file| !file.service.is_empty()).filter_map(home).collect();
    let set = |wanted: &(ModuleId, String)| {
        let mut names = BTreeSet::new();
        let mut next: Vec<&FileDescriptorProto> =
            all.iter().filter(|file| home(file).as_ref() == Some(wanted)).collect();
        while let Some(file) = next.pop() {
            if names.insert(file.name()) {
                next.extend(file.dependency.iter().filter_map(|name| by_name.get(name.as_str()).copied()));
            }
        }
        // The order of the whole set: dependencies before dependents.
        let mut set = Vec::new();
        for (_, bytes) in all.iter().zip(&raw).filter(|(file, _)| names.contains(file.name())) {
            encoding::bytes::encode(1, bytes, &mut set);
        }
        set
    };
    homes.into_iter().map(|home| (home.clone(), set(&home))).collect()
}

/// The number of a file's field that holds places and comments.
const PLACES: u32 = 9;

/// An encoded file as it is, options of all kinds too, without its places and comments.
fn without_places(file: &[u8]) -> Vec<u8> {
    fields(file).filter(|(number, ..)| *number != PLACES).flat_map(|(_, whole, _)| whole.to_vec()).collect()
}

/// The fields of an encoded message: the number of each, its bytes with what stands before its value, and those of a value that
/// tells its length.
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u32, &[u8], &[u8])> {
    std::iter::from_fn(move || {
        let whole = message;
        let (number, kind) = encoding::decode_key(&mut message).ok()?;
        let mut value: &[u8] = &[];
        if kind == WireType::LengthDelimited {
            let length = usize::try_from(encoding::decode_varint(&mut message).ok()?).ok()?;
            (value, message) = message.split_at_checked(length)?;
        } else {
            encoding::skip_field(kind, number, &mut message, DecodeContext::default()).ok()?;
        }
        Some((number, &whole[..whole.len() - message.len()], value))
    })
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
