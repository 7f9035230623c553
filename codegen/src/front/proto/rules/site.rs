//! The place of a rule: the most exact one that the source info of its file has.

use protox::prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage};

use super::super::place::Places;
use crate::diag::{Diagnostic, Diagnostics, catalogue::validation as say};
use crate::ir::rules::{Cond, Node, Test};
use crate::source::Span;

/// A place in options, and where findings about it go.
pub(super) struct Site<'a, 'f> {
    places: &'a Places<'a>,
    path: Vec<i32>,
    /// The parts of the path that lead to what has the options.
    owner: usize,
    found: &'f mut Diagnostics,
}

impl<'a> Site<'a, '_> {
    pub(super) fn new<'f>(
        places: &'a Places<'a>,
        owner: &[i32],
        option: &[i32],
        found: &'f mut Diagnostics,
    ) -> Site<'a, 'f> {
        Site { places, path: [owner, option].concat(), owner: owner.len(), found }
    }

    /// The place of a field of the present options.
    pub(super) fn inside(&mut self, field: &FieldDescriptor) -> Site<'a, '_> {
        let mut path = self.path.clone();
        path.extend(i32::try_from(field.number()));
        Site { places: self.places, path, owner: self.owner, found: self.found }
    }

    /// The place, or that of what is around it; at last the name of what has the options.
    pub(super) fn span(&self) -> Span {
        let lengths = (self.owner + 1..=self.path.len()).rev();
        // An option that may be given several times has a place for each.
        let find = |path: &[i32]| self.places.find(path).or_else(|| self.places.find(&[path, &[0]].concat()));
        let known = lengths.filter_map(|end| find(&self.path[..end])).next();
        known.unwrap_or_else(|| self.places.name(&self.path[..self.owner], "").span)
    }

    /// The place of a rule beside others, by its name.
    pub(super) fn at(&mut self, rules: &DynamicMessage, name: &str) -> Site<'a, '_> {
        let field = rules.descriptor().get_field_by_name(name);
        let number = field.and_then(|it| i32::try_from(it.number()).ok());
        let path = self.path.iter().copied().chain(number).collect();
        Site { places: self.places, path, owner: self.owner, found: self.found }
    }

    pub(super) fn push(&mut self, finding: impl FnOnce(Span) -> Diagnostic) {
        let finding = finding(self.span());
        self.found.push(finding);
    }

    /// A rule that is not had, at a field of the options.
    pub(super) fn not_checked(&mut self, field: &FieldDescriptor, why: &str) {
        self.inside(field).not_checked_here(field.name(), why);
    }

    /// The same at this place.
    pub(super) fn not_checked_here(&mut self, rule: &str, why: &str) {
        self.push(|at| say::not_checked(rule, why, at));
    }

    /// Adds a test, once: both kinds of options may say the same.
    pub(super) fn test(&self, node: &mut Node, id: &str, text: String, holds: Cond) {
        let same = |it: &Test| it.id == id && it.holds == holds;
        if !node.tests.iter().any(same) {
            node.tests.push(Test { id: id.to_owned(), text, holds });
        }
    }
}
