//! The stages in a row: for the command line, and for build scripts.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::diag::{Diagnostics, render};
use crate::ir::model::Model;
use crate::options::Options;
use crate::output::{self, FileSet, Owner};
use crate::source::{self, SourceMap};
use crate::{assemble, check, emit, front, resolve};

/// Why nothing was generated.
pub enum Error {
    /// The IDL is wrong; the text shows every finding with its place.
    Findings(Diagnostics, String),
    /// Something could not be read or written.
    Io(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Findings(_, text) | Self::Io(text) => f.write_str(text.trim_end()),
        }
    }
}

/// As the text that people read: a build script whose `main` returns an error shows it like this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The frame of a finding begins with its own line.
            Self::Findings(..) => write!(f, "the IDL is wrong\n{self}"),
            Self::Io(_) => fmt::Display::fmt(self, f),
        }
    }
}

impl std::error::Error for Error {}

/// The result of loading: a model, its texts, and findings that are not errors.
#[derive(Debug)]
pub struct Loaded {
    /// The resolved program.
    pub model: Model,
    /// The texts.
    pub sources: SourceMap,
    /// Warnings and notes.
    pub found: Diagnostics,
}

impl Loaded {
    /// The findings of a severity and worse ones as text.
    pub fn render_from(&self, least: crate::diag::Severity, color: bool) -> String {
        render(&self.found.from(least), &self.sources, color)
    }

    /// The findings as text.
    pub fn render(&self, color: bool) -> String {
        render(&self.found, &self.sources, color)
    }
}

/// Generates from one IDL file, for a build script: `codegen::compile("idl/add.thrift")`. Include
/// the result with `runtime::include_generated!();`, whose documentation says what a crate with deeply nested types
/// needs beside it.
///
/// # Errors
///
/// Every finding of the IDL, or what could not be read or written.
pub fn compile(idl: impl AsRef<Path>) -> Result<(), Error> {
    Builder::new().idl(idl).compile()
}

/// Generation with options.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    roots: Vec<PathBuf>,
    options: Options,
    allowed: Vec<PathBuf>,
    stand_ins: Vec<StandIn>,
}

/// A text that is read in the place of a file.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// The file, which need not be there.
    pub path: PathBuf,
    /// How findings name it.
    pub shown: String,
    /// The text.
    pub text: String,
}

impl Builder {
    /// No IDL yet, every option at its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an IDL file, Thrift or proto.
    #[must_use]
    pub fn idl(mut self, path: impl AsRef<Path>) -> Self {
        self.roots.push(path.as_ref().to_owned());
        self
    }

    /// Replaces the options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Lets included files below a directory be read, without looking for any there.
    #[must_use]
    pub fn allow(mut self, dir: impl AsRef<Path>) -> Self {
        self.allowed.push(dir.as_ref().to_owned());
        self
    }

    /// Reads a text in the place of a file.
    #[must_use]
    pub fn stand_in(mut self, stand_in: StandIn) -> Self {
        self.stand_ins.push(stand_in);
        self
    }

    /// Runs the stages up to the model.
    ///
    /// # Errors
    ///
    /// Every finding of the IDL, rendered with or without colour; or what could not be read.
    pub fn load(&self, color: bool) -> Result<Loaded, Error> {
        let mut sources = SourceMap::new();
        self.allowed.iter().for_each(|dir| sources.allow(dir));
        self.stand_ins.iter().for_each(|it| sources.stand_in(&it.path, &it.shown, &it.text));
        let (mut draft, mut found) = match front::load(&mut sources, &self.roots, &self.options.include) {
            Ok(loaded) => loaded,
            Err(source::Error::Diagnostics(found)) => return Err(findings(found, &sources, color)),
            Err(error) => return Err(Error::Io(error.to_string())),
        };
        if self.options.skip_streaming {
            front::streams::skip(&mut draft, &mut found);
        }
        found.append(check::check(&draft, &self.options));
        let model = match resolve::resolve(&draft, &self.options) {
            Ok((model, warnings)) => {
                found.append(warnings);
                model
            }
            Err(more) => {
                found.append(more);
                return Err(findings(found, &sources, color));
            }
        };
        if found.has_errors() || (self.options.deny_warnings && found.count(crate::diag::Severity::Warning) > 0) {
            return Err(findings(found, &sources, color));
        }
        Ok(Loaded { model, sources, found })
    }

    /// Writes `$OUT_DIR/kiteline.rs` and tells cargo which files were read.
    ///
    /// # Errors
    ///
    /// Every finding of the IDL; what could not be read or written; not called by cargo.
    pub fn compile(self) -> Result<(), Error> {
        let out = std::env::var_os("OUT_DIR")
            .map(PathBuf::from)
            .ok_or_else(|| Error::Io("OUT_DIR is not set: `compile` is for build scripts".to_owned()))?;
        let loaded = self.load(false)?;
        let text = assemble::single(&emit::emit(&loaded.model, self.options.sides));
        let mut files = FileSet::default();
        files.add(PathBuf::from("kiteline.rs"), text, Owner::Generated);
        let plan = output::plan(&out, &files, output::Policy { force: true, prune: false });
        let plan = plan.map_err(|error| Error::Io(error.to_string()))?;
        output::apply(&plan).map_err(|error| Error::Io(error.to_string()))?;
        for file in loaded.model.own_files() {
            // Cargo reads instructions from a build script's standard output.
            #[allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
            {
                println!("cargo::rerun-if-changed={}", loaded.sources.path(file.id));
            }
        }
        Ok(())
    }
}

fn findings(found: Diagnostics, sources: &SourceMap, color: bool) -> Error {
    let text = render(&found, sources, color);
    Error::Findings(found, text)
}
