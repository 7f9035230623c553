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
    let (order, mut compiler) = (dependencies_first(units, draft), compiler(files));
    let (mut broken, mut said) = (HashSet::new(), Diagnostics::default());
    for at in &order {
        let Some(unit) = by_file.get(at) else {
            continue;
        };
        // A file that imports a broken one would only repeat its errors.
        if draft.files[*at].includes.iter().any(|it| broken.contains(&it.file)) {
            broken.insert(*at);
        } else if let Err(error) = compiler.open_file(&unit.name).map(drop) {
            said.extend(complaint::about(&error, sources, unit.id));
            broken.insert(*at);
        }
    }
    if broken.is_empty() {
        return Some((compiler.encode_file_descriptor_set(), compiler.descriptor_pool()));
    }
    let order = order.into_iter().filter(|at| broken.contains(at)).filter_map(|at| by_file.get(&at).copied());
    let before = found.len();
    let apart = apart(sources, &by_file, order, draft, &compiler.descriptor_pool(), found);
    if apart.is_none() && found.len() == before {
        found.extend(said);
    }
    apart
}

fn compiler(files: RefCell<HashMap<String, Compiled>>) -> Compiler {
    let mut compiler = Compiler::with_file_resolver(Known { files, google: GoogleFileResolver::new() });
    compiler.include_imports(true).include_source_info(true);
    compiler
}

/// Each of `order` with nothing but what it imports, added to what is `done`: a relative name may not
/// be looked up in a package that only another file has imported. `None` without a finding where
/// the files do not fit together.
fn apart<'a>(
    sources: &SourceMap,
    by_file: &HashMap<usize, &Unit>,
    order: impl Iterator<Item = &'a Unit>,
    draft: &Draft,
    done: &DescriptorPool,
    found: &mut Diagnostics,
) -> Option<(Vec<u8>, DescriptorPool)> {
    let (mut parsed, mut broken, mut pool) = (HashMap::new(), HashSet::new(), done.clone());
    let mut fits = true;
    for unit in order {
        if draft.files[unit.at].includes.iter().any(|it| broken.contains(&it.file)) {
            broken.insert(unit.at);
            continue;
        }
        let mut files = HashMap::new();
        for it in closure(unit.at, draft).into_iter().filter_map(|at| by_file.get(&at)) {
            if !parsed.contains_key(&it.name) {
                parsed.insert(it.name.clone(), Compiled::from_source(&it.name, sources.text(it.id)).ok()?);
            }
            files.extend(parsed.get(&it.name).map(|file| (it.name.clone(), file.clone())));
        }
        // One after another, as deep chains would take the stack.
        let mut alone = compiler(RefCell::new(files));
        let below = closure(unit.at, draft).into_iter().filter_map(|at| by_file.get(&at));
        match below.map(|it| alone.open_file(&it.name).map(drop)).collect::<Result<Vec<()>, _>>() {
            Err(error) => {
                found.extend(complaint::about(&error, sources, unit.id));
                broken.insert(unit.at);
            }
            Ok(_) => {
                let known: HashSet<String> = pool.files().map(|it| it.name().to_owned()).collect();
                for file in alone.descriptor_pool().files().filter(|it| !known.contains(it.name())) {
                    fits &= pool.decode_file_descriptor_proto(file.encode_to_vec().as_slice()).is_ok();
                }
            }
        }
    }
    (fits && broken.is_empty()).then(|| (pool.encode_to_vec(), pool))
}

/// A file and all that it imports, dependencies first.
fn closure(root: usize, draft: &Draft) -> Vec<usize> {
    let mut order = Vec::new();
    reach(root, draft, &mut order, &mut HashSet::new());
    order
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
        reach(unit.at, draft, &mut order, &mut seen);
    }
    order
}

fn reach(root: usize, draft: &Draft, order: &mut Vec<usize>, seen: &mut HashSet<usize>) {
    let mut stack = vec![(root, 0)];
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
