//! The description of services: IDL files, those of the crate in this folder, or what a server tells of itself.

use std::path::{Path, PathBuf};

use codegen::diag::Severity;
use codegen::ir::model::Model;
use codegen::options::Options;
use codegen::{Builder, Error, Loaded};
use prost_reflect::DescriptorPool;

use crate::cli::place;
use crate::cli::report::Report;

/// Services and types.
pub(super) struct Schema {
    loaded: Option<Loaded>,
    pub(super) pool: DescriptorPool,
}

impl Schema {
    /// What a server told.
    pub(super) fn told(pool: DescriptorPool) -> Self {
        Self { loaded: None, pool }
    }

    /// The model of the IDL, where there is one.
    pub(super) fn model(&self) -> Option<&Model> {
        self.loaded.as_ref().map(|it| &it.model)
    }

    /// Reads IDL files.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub(super) fn load(idls: &[PathBuf], include: Vec<PathBuf>, report: &Report) -> Result<Self, Error> {
        let builder = Builder::new().options(Options { include, ..Options::default() }).allow("idl");
        let loaded = idls.iter().fold(builder, Builder::idl).load(report.color())?;
        if !report.is_quiet() {
            report.text(&loaded.render_from(Severity::Warning, report.color()));
        }
        let mut pool = DescriptorPool::global();
        pool.decode_file_descriptor_set(loaded.model.descriptors.as_slice())
            .map_err(|error| Error::Io(format!("the descriptors of the IDL cannot be used: {error}")))?;
        Ok(Self { loaded: Some(loaded), pool })
    }
}

/// The IDL files and the include folders that the crate in this folder records; none where there is no such crate.
///
/// # Errors
///
/// For a manifest that cannot be read.
pub(super) fn of_crate() -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
    let manifest = place::manifest(Path::new("Cargo.toml"))?;
    let paths = |key| manifest.as_ref().map_or_else(Vec::new, |it| it.strings(key)).into_iter().map(PathBuf::from);
    Ok((paths("idl").collect(), paths("include").collect()))
}
