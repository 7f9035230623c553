//! Protocol Buffers to draft definitions: protox parses and checks, its descriptors are lowered. It
//! opens no file itself.

mod compile;
mod complaint;
mod depth;
mod entries;
mod http;
pub(super) mod imports;
mod lower;
mod place;
mod reasons;
mod rules;
mod used;

use std::path::{Path, PathBuf};

use protox::file::File as Compiled;

use crate::{
    diag::{Diagnostics, catalogue::proto as say},
    ir::draft::{Draft, Name},
    source::{FileId, SourceMap, Span, parent},
};

/// How deep brackets may nest: protox follows them on the stack.
pub const MAX_DEPTH: usize = 100;

/// The largest proto file, in bytes: its descriptors take some 200 times the memory of its text.
pub const MAX_BYTES: usize = 8 << 20;

/// The well-known files, which every compiler brings along.
const GOOGLE: &str = "google/protobuf/";

/// A file that could be parsed, not yet checked.
#[derive(Debug)]
pub(super) struct Unit {
    /// Its index in [`Draft::files`].
    at: usize,
    id: FileId,
    /// The name by which others import it.
    name: String,
    /// Until the compiler takes it.
    file: Option<Compiled>,
}

impl Unit {
    /// The files that it imports, without the well-known ones.
    pub(super) fn imports(&self, sources: &SourceMap) -> Vec<Name> {
        let Some(file) = &self.file else {
            return Vec::new();
        };
        let descriptor = file.file_descriptor_proto();
        let places = place::Places::new(sources, self.id, descriptor);
        let ours = descriptor.dependency.iter().zip(0..).filter(|(path, _)| !is_well_known(path));
        let name = |(text, at): (&String, i32)| {
            let span = quoted(sources, places.span(&[3, at]));
            Name { text: text.clone(), span }
        };
        ours.map(name).collect()
    }
}

/// The quoted part of an `import` line.
fn quoted(sources: &SourceMap, line: Span) -> Span {
    let text = sources.slice(line);
    let part = |at: usize| line.start + u32::try_from(at).unwrap_or(0);
    match (text.find(['"', '\'']), text.rfind(['"', '\''])) {
        (Some(from), Some(to)) => Span { start: part(from), end: part(to + 1), ..line },
        _ => line,
    }
}

fn is_well_known(name: &str) -> bool {
    use protox::file::{FileResolver, GoogleFileResolver};
    name.starts_with(GOOGLE) && GoogleFileResolver::new().open_file(name).is_ok()
}

/// The folders in which imports are looked for: the include directories, then those of the proto roots, outer ones
/// first, so that a file has the same name for all of them.
pub(super) fn import_dirs(roots: &[PathBuf], include_dirs: &[PathBuf]) -> Vec<PathBuf> {
    let proto = roots.iter().filter(|it| it.extension().is_some_and(|it| it == "proto"));
    let mut own: Vec<_> = proto.map(|it| parent(it)).collect();
    own.sort_by_key(|it| it.components().count());
    own.dedup();
    include_dirs.iter().map(PathBuf::as_path).chain(own).map(Path::to_owned).collect()
}

/// Parses one file; its errors go to `found`.
pub(super) fn parse(sources: &SourceMap, at: usize, id: FileId, name: &str, found: &mut Diagnostics) -> Option<Unit> {
    let text = sources.text(id);
    if text.len() > MAX_BYTES {
        let start = Span { end: 0, ..sources.whole(id) };
        found.push(say::too_big(MAX_BYTES, start));
        return None;
    }
    if let Some(span) = depth::too_deep(id, text) {
        found.push(say::too_deep(MAX_DEPTH, span));
        return None;
    }
    match Compiled::from_source(name, text) {
        Ok(file) => Some(Unit { at, id, name: name.to_owned(), file: Some(file) }),
        Err(error) => {
            found.extend(complaint::about(&error, sources, id));
            None
        }
    }
}

/// Checks all files together and lowers them into the draft.
pub(super) fn lower(sources: &SourceMap, mut units: Vec<Unit>, draft: &mut Draft, found: &mut Diagnostics) {
    if units.is_empty() {
        return;
    }
    let Some((bytes, pool)) = compile::all(sources, &mut units, draft, found) else {
        return;
    };
    draft.descriptors = bytes;
    let options = rules::Options::of(&pool);
    for unit in units {
        let Some(compiled) = pool.get_file_by_name(&unit.name) else {
            continue;
        };
        let descriptor = compiled.file_descriptor_proto();
        let places = place::Places::new(sources, unit.id, descriptor);
        if let Some(file) = draft.files.get_mut(unit.at) {
            lower::file(descriptor, &places, file);
            // Their own methods are nobody's.
            if !file.built_in {
                http::read(&compiled, &places, sources, file, found);
                reasons::read(&compiled, file, found);
            }
        }
        if let Some(options) = &options {
            rules::read(&compiled, options, &places, &mut draft.rules, found);
        }
    }
    used::keep(draft);
}
