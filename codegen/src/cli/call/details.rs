//! The types that details of errors usually have, those of `google/rpc/error_details.proto`: most services do not import
//! the file.

use prost_reflect::MessageDescriptor;
use protox::file::{File, FileResolver, GoogleFileResolver};

const NAME: &str = "google/rpc/error_details.proto";
const TEXT: &str = include_str!("../../../imports/google/rpc/error_details.proto");

/// This file, and those that protobuf brings along.
struct Files(GoogleFileResolver);

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == NAME { File::from_source(name, TEXT) } else { self.0.open_file(name) }
    }
}

/// The type of a name, if it is one of them.
pub(super) fn message(name: &str) -> Option<MessageDescriptor> {
    let mut compiler = protox::Compiler::with_file_resolver(Files(GoogleFileResolver::new()));
    compiler.open_file(NAME).ok()?;
    compiler.descriptor_pool().get_message_by_name(name)
}
