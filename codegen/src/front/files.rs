//! The files in the order in which they are met, each read once, includes followed.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use super::{
    cycle,
    proto::{self, Unit},
    thrift,
};
use crate::{
    diag::Diagnostics,
    ir::draft::{Draft, File, Include, Language, Name},
    source::{Error, FileId, SourceMap},
};

/// Reads files until no include is left.
pub(super) struct Files<'a> {
    sources: &'a mut SourceMap,
    import_dirs: Vec<PathBuf>,
    index: HashMap<FileId, usize>,
    files: Vec<File>,
    units: Vec<Unit>,
    found: Diagnostics,
}

impl<'a> Files<'a> {
    pub(super) fn new(sources: &'a mut SourceMap, import_dirs: Vec<PathBuf>) -> Self {
        let (index, files, units) = (HashMap::new(), Vec::new(), Vec::new());
        Self { sources, import_dirs, index, files, units, found: Diagnostics::new() }
    }

    /// Meets a root. Findings about it are kept; that it cannot be read ends the run.
    pub(super) fn root(&mut self, path: &Path, language: Language) -> Result<(), Error> {
        match self.sources.load(path) {
            Ok(id) => {
                let index = self.meet(id, language);
                if let Some(file) = self.files.get_mut(index) {
                    file.root = true;
                }
                Ok(())
            }
            Err(Error::Diagnostics(found)) => {
                self.found.extend(found);
                Ok(())
            }
            Err(io) => Err(io),
        }
    }

    pub(super) fn fence(&mut self, roots: &[PathBuf], include_dirs: &[PathBuf]) -> Result<(), Error> {
        self.sources.fence(roots, include_dirs)
    }

    fn meet(&mut self, id: FileId, language: Language) -> usize {
        if let Some(index) = self.index.get(&id) {
            return *index;
        }
        let index = self.files.len();
        self.index.insert(id, index);
        let stem = Path::new(self.sources.path(id)).file_stem();
        let stem = stem.map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        let (namespaces, includes, items) = (Vec::new(), Vec::new(), Vec::new());
        let import = String::new();
        let built_in = !self.sources.is_file(id);
        self.files.push(File { id, language, stem, import, root: false, built_in, namespaces, includes, items });
        index
    }

    /// Reads everything that was met and will be met on the way, then looks for circles.
    pub(super) fn read_all(&mut self) {
        let mut next = 0;
        while let Some(file) = self.files.get(next) {
            match (file.id, file.language) {
                (id, Language::Thrift) => self.thrift(next, id),
                (id, Language::Proto) => self.proto(next, id),
            }
            next += 1;
        }
        self.found.extend(cycle::find(&self.files, self.sources));
    }

    fn thrift(&mut self, at: usize, id: FileId) {
        let parsed = thrift::parse(id, self.sources.text(id), &mut self.found);
        let mut includes = Vec::new();
        for path in parsed.includes {
            let target = self.sources.include(id, &path.text, path.span);
            includes.extend(self.follow(target, path, Language::Thrift));
        }
        if let Some(file) = self.files.get_mut(at) {
            (file.namespaces, file.includes, file.items) = (parsed.namespaces, includes, parsed.items);
        }
    }

    fn proto(&mut self, at: usize, id: FileId) {
        let name = self.sources.name_below(id, &self.import_dirs);
        let name = name.unwrap_or_else(|| self.sources.path(id).to_owned());
        let name = self.known_name(at).unwrap_or(name);
        let Some(unit) = proto::parse(self.sources, at, id, &name, &mut self.found) else {
            return;
        };
        let imports = unit.imports(self.sources);
        self.units.push(unit);
        let mut includes = Vec::new();
        for path in imports {
            let target = match proto::imports::text(&path.text) {
                Some(text) => self.sources.import_or(&self.import_dirs, &path.text, text, path.span),
                None => self.sources.import(&self.import_dirs, &path.text, path.span),
            };
            includes.extend(self.follow(target, path, Language::Proto));
        }
        if let Some(file) = self.files.get_mut(at) {
            (file.import, file.includes) = (name, includes);
        }
    }

    /// The name by which another proto file has imported this one.
    fn known_name(&self, at: usize) -> Option<String> {
        let all = self.files.iter().flat_map(|file| &file.includes);
        all.filter(|it| it.file == at).map(|it| it.path.text.clone()).next()
    }

    fn follow(&mut self, target: Result<FileId, Diagnostics>, path: Name, language: Language) -> Option<Include> {
        match target {
            Ok(id) => Some(Include { file: self.meet(id, language), path }),
            Err(found) => {
                self.found.extend(found);
                None
            }
        }
    }

    pub(super) fn finish(self) -> (Draft, Vec<Unit>, Diagnostics) {
        (Draft { files: self.files, descriptors: Vec::new(), rules: BTreeMap::new() }, self.units, self.found)
    }
}
