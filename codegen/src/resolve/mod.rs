//! From names as written to a [`Model`]: ids, Rust names, recursion boxed, constants evaluated.
//!
//! Each pass gives a type of its own: `Declared` holds names alone, so that the order of definitions does not matter;
//! behind `define`, only values are missing (`Unvalued`).

mod consts;
mod declare;
mod define;
pub(crate) mod derives;
pub mod endless;
mod large;
mod messages;
mod modules;
pub mod names;
mod routes;
mod rules;
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
pub use types::show as show_type;

use crate::diag::Diagnostics;
use crate::ir::draft::Draft;
use crate::ir::model::Model;
use crate::options::Options;

/// Resolves a whole draft. What is found beside the model are warnings and notes.
///
/// # Errors
///
/// Every unknown, clashing or cyclic name of every file.
pub fn resolve(draft: &Draft, options: &Options) -> Result<(Model, Diagnostics), Diagnostics> {
    let mut findings = Diagnostics::default();
    let (declared, scope) = declare::declare(draft, options, &mut findings);
    let (mut model, unvalued) = define::define(draft, &scope, options, declared, &mut findings);
    services::check(&model, options, &mut findings);
    messages::check(draft, &scope, &model, &mut findings);
    routes::resolve(draft, &scope, options, &mut model, &mut findings);
    if findings.has_errors() {
        return Err(findings);
    }
    shape::shape(&mut model, &unvalued, &mut findings);
    if findings.has_errors() {
        return Err(findings);
    }
    derives::check(&model, &mut findings);
    consts::evaluate(draft, &scope, unvalued, &mut model, &mut findings);
    endless::check(&model, &mut findings);
    rules::fill(draft, &scope, &mut model, &mut findings);
    if findings.has_errors() { Err(findings) } else { Ok((model, findings)) }
}
