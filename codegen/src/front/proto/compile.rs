//! Checking all files together, dependencies first.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    path::Path,
};

use protox::{
    Compiler, Error,
    file::{File as Compiled, FileResolver, GoogleFileResolver},
    prost_reflect::DescriptorPool,
};

use super::{Unit, complaint};
use crate::{
    diag::{Diagnostics, catalogue::proto as say},
    ir::draft::Draft,
    source::SourceMap,
};

/// Hands out the files that were read, each once, and the well-known ones.
struct Known {
    files: RefCell<HashMap<String, Compiled>>,
    google: GoogleFileResolver,
}

impl FileResolver for Known {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        path.to_str().map(str::to_owned)
    }

    fn open_file(&self, name: &str) -> Result<Compiled, Error> {
        match self.files.borrow_mut().remove(name) {
            Some(file) => Ok(file),
            None => self.google.open_file(name),
        }
    }
}

/// All files and what they import, names resolved; and the same encoded, dependencies before
/// dependents, with the places and comments of the texts.
pub(super) fn all(
    sources: &SourceMap,
    units: &mut [Unit],
    draft: &Draft,
    found: &mut Diagnostics,
) -> Option<(Vec<u8>, DescriptorPool)> {
    // Parsed files are large: they move to the compiler.
    let files = units.iter_mut().filter_map(|it| Some((it.name.clone(), it.file.take()?)));
    let files = RefCell::new(files.collect());
    let by_file: HashMap<usize, &Unit> = units.iter().map(|it| (it.at, it)).collect();
    one_name_each(sources, &by_file, draft, found);
    if found.has_errors() {
        return None;
    }
    let google = GoogleFileResolver::new();
    let mut compiler = Compiler::with_file_resolver(Known { files, google });
    compiler.include_imports(true).include_source_info(true);
    let mut broken = HashSet::new();
    for at in dependencies_first(units, draft) {
        let Some(unit) = by_file.get(&at) else {
            continue;
        };
        // What imports a broken file would only repeat its errors.
        if draft.files[at].includes.iter().any(|it| broken.contains(&it.file)) {
            broken.insert(at);
        } else if let Err(error) = compiler.open_file(&unit.name).map(drop) {
            found.extend(complaint::about(&error, sources, unit.id));
            broken.insert(at);
        }
    }
    broken.is_empty().then(|| (compiler.encode_file_descriptor_set(), compiler.descriptor_pool()))
}

/// A file that is imported by two names would be two files to the compiler.
fn one_name_each(sources: &SourceMap, by_file: &HashMap<usize, &Unit>, draft: &Draft, found: &mut Diagnostics) {
    for include in draft.files.iter().flat_map(|it| &it.includes) {
        let Some(unit) = by_file.get(&include.file) else {
            continue;
        };
        if unit.name != include.path.text {
            let path = sources.path(unit.id);
            found.push(say::two_names(path, &unit.name, &include.path.text, include.path.span));
        }
    }
}

/// The files so that each comes after those it imports; protox would follow imports on the stack.
fn dependencies_first(units: &[Unit], draft: &Draft) -> Vec<usize> {
    let (mut order, mut seen) = (Vec::new(), HashSet::new());
    for unit in units {
        let mut stack = vec![(unit.at, 0)];
        while let Some((at, next)) = stack.last_mut() {
            let include = if seen.contains(at) { None } else { draft.files[*at].includes.get(*next) };
            *next += 1;
            match include {
                Some(include) => stack.push((include.file, 0)),
                None => {
                    order.extend(seen.insert(*at).then_some(*at));
                    stack.pop();
                }
            }
        }
    }
    order
}
