//! From names as written to a [`Model`]: ids, Rust names, recursion boxed, constants evaluated.
//!
//! Declares every definition first, so that order does not matter, then fills each in.

mod consts;
mod declare;
mod define;
pub(crate) mod derives;
pub mod endless;
mod large;
mod messages;
mod modules;
pub mod names;
mod scope;
mod services;
mod shape;
mod taken;
mod types;
mod values;

#[cfg(feature = "cli")]
pub(crate) use large::inside_first;
#[cfg(feature = "cli")]
pub(crate) use shape::strongly_connected;

pub(crate) use shape::defaultable;

use crate::diag::Diagnostics;
use crate::ir::draft::Draft;
use crate::ir::model::Model;
use crate::options::Options;

/// Resolves a whole draft.
///
/// # Errors
///
/// Every unknown, clashing or cyclic name of every file.
pub fn resolve(draft: &Draft, options: &Options) -> Result<Model, Diagnostics> {
    let mut found = Diagnostics::default();
    let (mut model, scope) = declare::declare(draft, options, &mut found);
    services::name(&mut model);
    define::define(draft, &scope, options, &mut model, &mut found);
    services::check(&model, options, &mut found);
    messages::check(draft, &scope, &model, &mut found);
    if found.has_errors() {
        return Err(found);
    }
    shape::shape(&mut model, &mut found);
    if found.has_errors() {
        return Err(found);
    }
    derives::check(&model, &mut found);
    consts::evaluate(draft, &scope, &mut model, &mut found);
    endless::check(&model, &mut found);
    if found.has_errors() { Err(found) } else { Ok(model) }
}
