//! Proto messages: prost's own generator, run on the descriptors, with our paths.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use prost_types::FileDescriptorSet;

use super::docs;
use crate::ir::model::Model;

/// The messages and enums of each package, as prost's text.
pub(super) fn messages(model: &Model) -> BTreeMap<String, String> {
    use prost_build::Module;
    let Ok(set) = <FileDescriptorSet as prost::Message>::decode(model.descriptors.as_slice()) else {
        return BTreeMap::new();
    };
    let requests = set
        .file
        .into_iter()
        .filter(|file| !file.package().starts_with("google.protobuf"))
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
