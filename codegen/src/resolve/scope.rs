//! Name lookup in a file: its own definitions, then `stem.name` of an included file.

use std::collections::HashMap;

use crate::diag;
use crate::ir::draft::{Draft, Language};
use crate::ir::model::{DefId, ServiceId};

/// The meaning of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// A type.
    Def(DefId),
    /// A constant, by its index in the model.
    Const(usize),
    /// A service.
    Service(ServiceId),
}

impl Symbol {
    /// The kind, for a person.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Def(_) => "a type",
            Self::Const(_) => "a constant",
            Self::Service(_) => "a service",
        }
    }
}

/// The names of every file.
#[derive(Debug, Default)]
pub(super) struct Scope {
    files: Vec<FileScope>,
    /// Proto's full names (`.pkg.Outer.Inner`).
    full: HashMap<String, Symbol>,
}

#[derive(Debug, Default)]
struct FileScope {
    own: HashMap<String, Symbol>,
    includes: Vec<(String, usize)>,
}

impl Scope {
    pub(super) fn new(draft: &Draft) -> Self {
        let files = draft
            .files
            .iter()
            .map(|file| FileScope {
                own: HashMap::new(),
                includes: match file.language {
                    Language::Thrift => {
                        file.includes.iter().map(|it| (draft.files[it.file].stem.clone(), it.file)).collect()
                    }
                    Language::Proto => Vec::new(),
                },
            })
            .collect();
        Self { files, full: HashMap::new() }
    }

    /// Adds a definition; the first of two equal names stays.
    pub(super) fn add(&mut self, file: usize, name: &str, symbol: Symbol) {
        self.files[file].own.entry(name.to_owned()).or_insert(symbol);
    }

    /// Adds a proto definition by its full name.
    pub(super) fn add_full(&mut self, name: String, symbol: Symbol) {
        self.full.entry(name).or_insert(symbol);
    }

    /// Looks `name` up in `file`.
    pub(super) fn find(&self, file: usize, name: &str) -> Option<Symbol> {
        if name.starts_with('.') {
            return self.full.get(name).copied();
        }
        self.files[file]
            .own
            .get(name)
            .copied()
            .or_else(|| self.included(file, name).find_map(|(other, rest)| self.files[other].own.get(rest).copied()))
    }

    /// The files that the first part of a dotted name may refer to, with the rest of the name.
    /// A stem may hold dots itself, so each include is tried.
    fn included<'a>(&'a self, file: usize, name: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        self.files[file].includes.iter().filter_map(move |(stem, other)| {
            let rest = name.strip_prefix(stem.as_str())?.strip_prefix('.')?;
            Some((*other, rest))
        })
    }

    /// The name nearest to `name` among those that can be written in `file`, if one is near.
    pub(super) fn nearest(&self, file: usize, name: &str, wanted: impl Fn(Symbol) -> bool) -> Option<String> {
        let own = self.files[file].own.iter().map(|(it, symbol)| (it.clone(), *symbol));
        let included = self.files[file].includes.iter().flat_map(|(stem, other)| {
            self.files[*other].own.iter().map(move |(it, symbol)| (format!("{stem}.{it}"), *symbol))
        });
        nearest_of(name, own.chain(included).filter(|(_, symbol)| wanted(*symbol)).map(|(candidate, _)| candidate))
    }
}

/// The candidate nearest to a name, if one is near.
pub(super) fn nearest_of(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    candidates
        .map(|candidate| (distance(name, &candidate), candidate))
        .filter(|(distance, _)| *distance <= name.len().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The distance of two names, letters compared without case; far names are cut short.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 8 || a.len() > 64 {
        return usize::MAX;
    }
    diag::distance(&a.to_lowercase(), &b.to_lowercase())
}
