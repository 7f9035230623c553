//! The comments of a file's descriptors, for prost to write where it writes comments.

use std::collections::HashMap;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, SourceCodeInfo, source_code_info::Location,
};

use super::stand_ins::StandIns;
use crate::emit::docs;

/// The places of everything that prost looks up, with stand-ins for comments. It wants a place for
/// each thing, and would take what is in comments for links and code.
pub(super) fn places(file: &FileDescriptorProto, stand_ins: &mut StandIns) -> SourceCodeInfo {
    let mut written: HashMap<&[i32], String> = HashMap::new();
    for place in file.source_code_info.iter().flat_map(|info| &info.location) {
        let parts = [&place.leading_comments, &place.trailing_comments].into_iter().flatten();
        let parts: Vec<String> = parts.map(|it| docs::unindented(it)).filter(|it| !it.is_empty()).collect();
        if !parts.is_empty() {
            written.entry(&place.path).or_insert_with(|| parts.join("\n\n"));
        }
    }
    let mut paths = Vec::new();
    for (message, at) in file.message_type.iter().zip(0..) {
        of_message(message, vec![4, at], &mut paths);
    }
    for (each, at) in file.enum_type.iter().zip(0..) {
        of_enum(each, vec![5, at], &mut paths);
    }
    let place = |path: Vec<i32>| {
        let comment = written.get(path.as_slice()).map(|it| stand_ins.comment(docs::lines(it).to_string()));
        Location { path, leading_comments: comment, ..Location::default() }
    };
    SourceCodeInfo { location: paths.into_iter().map(place).collect() }
}

fn of_message(message: &DescriptorProto, path: Vec<i32>, paths: &mut Vec<Vec<i32>>) {
    let of = |part: i32, at: i32| [path.as_slice(), &[part, at]].concat();
    paths.extend((0..).take(message.field.len()).map(|at| of(2, at)));
    paths.extend((0..).take(message.oneof_decl.len()).map(|at| of(8, at)));
    for (nested, at) in message.nested_type.iter().zip(0..) {
        of_message(nested, of(3, at), paths);
    }
    for (each, at) in message.enum_type.iter().zip(0..) {
        of_enum(each, of(4, at), paths);
    }
    paths.push(path);
}

fn of_enum(each: &EnumDescriptorProto, path: Vec<i32>, paths: &mut Vec<Vec<i32>>) {
    paths.extend((0..).take(each.value.len()).map(|at| [path.as_slice(), &[2, at]].concat()));
    paths.push(path);
}
