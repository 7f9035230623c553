//! Proto messages: prost's own generator, run on the descriptors, with our names and paths.
//!
//! prost makes names of the descriptors' names, so it gets descriptors in which they say what the
//! model decided (`renaming`). What no name can say, prost's text says by a stand-in (`stand_ins`).

mod comments;
mod descriptors;
mod groups;
mod lints;
pub(super) mod reasons;
mod renaming;
mod stand_ins;
pub(super) mod type_names;

use proc_macro2::TokenStream;
use prost_build::Module;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

pub(super) use descriptors::{Descriptors, descriptors, literal};
pub(super) use groups::collect;

use crate::ir::model::{DefKind, Model, ModuleId};

/// The messages and enums of each module, as prost's text.
///
/// # Panics
///
/// When prost refuses what the model lets through, or leaves a module without its types: our bug.
pub(super) fn messages(model: &Model) -> Vec<Option<String>> {
    let mut texts: Vec<Option<String>> = model.modules.iter().map(|_| None).collect();
    let files = files(model);
    if files.is_empty() {
        return texts;
    }
    let renamed = renaming::rename(model, files);
    let mut config = prost_build::Config::new();
    config.prost_path("::runtime::prost").compile_well_known_types();
    for (proto, rust) in &renamed.known {
        config.extern_path(proto, rust);
    }
    for field in &renamed.boxed {
        config.boxed(field);
    }
    let allowed = lints::allowed(renamed.files.iter().map(|(_, file)| file));
    for (message, attribute) in allowed.messages {
        config.message_attribute(message, attribute);
    }
    for (oneof, attribute) in allowed.oneofs {
        config.enum_attribute(oneof, attribute);
    }
    let mut requests: Vec<_> = renamed.files.into_iter().map(|(at, file)| (key(at), file)).collect();
    requests.extend(renamed.foreign.into_iter().map(|file| (key(texts.len()), file)));
    let made = config.generate(requests);
    assert!(made.is_ok(), "internal error: prost refused checked descriptors: {:?}", made.err());
    for (key, text) in made.into_iter().flatten() {
        let index = key.parts().next().and_then(|it| it.parse::<usize>().ok());
        let place = index.and_then(|index| texts.get_mut(index));
        assert!(place.is_some(), "internal error: nobody asked for {key}");
        place.into_iter().for_each(|it| *it = Some(renamed.stand_ins.replace(&text)));
    }
    for def in model.defs.iter().filter(|it| matches!(it.kind, DefKind::Proto(_))) {
        let ModuleId(at) = def.module;
        assert!(texts[at].is_some(), "internal error: prost made no `{}`", def.head.rust);
    }
    texts
}

/// What prost calls the module at a place of the model; it does not look into this name.
fn key(module: usize) -> Module {
    Module::from_parts([module.to_string()])
}

pub(super) fn files(model: &Model) -> Vec<FileDescriptorProto> {
    let set = <FileDescriptorSet as prost::Message>::decode(model.descriptors.as_slice());
    assert!(set.is_ok(), "internal error: the descriptors cannot be read");
    set.map(|set| set.file).unwrap_or_default()
}

/// Whether a file is one whose types prost has already. The user's own may have such a name too.
fn is_well_known(file: &FileDescriptorProto, model: &Model) -> bool {
    file.name().starts_with("google/protobuf/") && !model.files.iter().any(|it| it.import == file.name())
}

/// The tokens of prost's text.
///
/// # Panics
///
/// When they are none: our bug.
pub(super) fn tokens(text: &str) -> TokenStream {
    let tokens = text.parse::<TokenStream>();
    assert!(tokens.is_ok(), "internal error: prost's text is not Rust: {:?}", tokens.err());
    tokens.unwrap_or_default()
}
