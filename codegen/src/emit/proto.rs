//! Proto messages: prost's own generator, run on the descriptors, with our paths.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proc_macro2::{Literal, TokenStream};
use prost_types::{FileDescriptorProto, FileDescriptorSet};

use super::docs;
use crate::ir::model::Model;

/// The messages and enums of each package, as prost's text.
pub(super) fn messages(model: &Model) -> BTreeMap<String, String> {
    use prost_build::Module;
    // The files of `google.protobuf` make no text: they say what the known types hold.
    let requests = files(model)
        .into_iter()
        .map(|mut file| {
            file.service.clear();
            for place in file.source_code_info.iter_mut().flat_map(|info| &mut info.location) {
                place.leading_comments = place.leading_comments.as_deref().map(docs::comment);
                place.trailing_comments = place.trailing_comments.as_deref().map(docs::comment);
            }
            (Module::from_protobuf_package_name(file.package()), file)
        })
        .collect();
    let mut config = prost_build::Config::new();
    config.prost_path("::runtime::prost").compile_well_known_types();
    for (proto, rust) in WELL_KNOWN {
        config.extern_path(*proto, *rust);
    }
    let packages = model.modules.iter().filter_map(|it| it.package.clone());
    match config.generate(requests) {
        Ok(texts) => {
            texts.into_iter().map(|(module, text)| (module.parts().collect::<Vec<_>>().join("."), text)).collect()
        }
        // protox has checked the files, so this would be a bug; the compiler is to say so.
        Err(error) => {
            let text = format!("compile_error!({:?});", format!("prost: {error}"));
            packages.map(|package| (package, text.clone())).collect()
        }
    }
}

fn files(model: &Model) -> Vec<FileDescriptorProto> {
    let set = <FileDescriptorSet as prost::Message>::decode(model.descriptors.as_slice());
    set.map_or_else(|_| Vec::new(), |set| set.file)
}

/// The encoded `FileDescriptorSet` of each package with services: its files, and what they import but
/// `google/protobuf/`, which every reader knows. Without places and comments.
pub(super) fn descriptors(model: &Model) -> BTreeMap<String, Vec<u8>> {
    let mut all = files(model);
    all.iter_mut().for_each(|file| file.source_code_info = None);
    let by_name: BTreeMap<&str, &FileDescriptorProto> = all.iter().map(|file| (file.name(), file)).collect();
    let packages: BTreeSet<&str> =
        all.iter().filter(|file| !file.service.is_empty()).map(|file| file.package()).collect();
    let set = |package: &str| {
        let mut wanted = BTreeSet::new();
        let mut next: Vec<&FileDescriptorProto> = all.iter().filter(|file| file.package() == package).collect();
        while let Some(file) = next.pop() {
            if !file.name().starts_with("google/protobuf/") && wanted.insert(file.name()) {
                next.extend(file.dependency.iter().filter_map(|name| by_name.get(name.as_str()).copied()));
            }
        }
        // The order of the whole set: dependencies before dependents.
        let file = all.iter().filter(|file| wanted.contains(file.name())).cloned().collect();
        prost::Message::encode_to_vec(&FileDescriptorSet { file })
    };
    packages.into_iter().map(|package| (package.to_owned(), set(package))).collect()
}

/// Bytes as a literal of many lines.
pub(super) fn literal(bytes: &[u8]) -> TokenStream {
    let mut text = String::from("b\"\\\n");
    let mut width = 0;
    for byte in bytes {
        let before = text.len();
        match byte {
            // Blanks at the start of a line are no part of the literal.
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

/// The tokens of prost's text.
pub(super) fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_default()
}

const WELL_KNOWN: &[(&str, &str)] = &[
    (".google.protobuf", "::runtime::prost_types"),
    (".google.protobuf.BoolValue", "bool"),
    (".google.protobuf.BytesValue", "::std::vec::Vec<u8>"),
    (".google.protobuf.DoubleValue", "f64"),
    (".google.protobuf.Empty", "()"),
    (".google.protobuf.FloatValue", "f32"),
    (".google.protobuf.Int32Value", "i32"),
    (".google.protobuf.Int64Value", "i64"),
    (".google.protobuf.StringValue", "::std::string::String"),
    (".google.protobuf.UInt32Value", "u32"),
    (".google.protobuf.UInt64Value", "u64"),
];
