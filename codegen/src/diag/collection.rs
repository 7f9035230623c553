//! Many findings, in the order in which people read them.

use super::{Diagnostic, Severity};
use crate::source::FileId;

/// Findings. Read in order of file and offset, those without a place first; equal ones once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, found: Diagnostic) {
        self.0.push(found);
    }

    /// Adds all of another collection.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Those of a severity and worse ones.
    #[must_use]
    pub fn from(&self, least: Severity) -> Self {
        self.0.iter().filter(|it| it.severity <= least).cloned().collect()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|it| it.severity == Severity::Error)
    }

    /// How many there are of a severity, equal ones once: as many as are shown.
    pub fn count(&self, severity: Severity) -> usize {
        self.sorted().into_iter().filter(|it| it.severity == severity).count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order of file and offset, equal ones once.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|it| place(it));
        all.dedup();
        all
    }

    /// Those that are found, or the error if there is one among them.
    ///
    /// # Errors
    /// All of them, when at least one is an error.
    pub fn or_errors(self) -> Result<Self, Self> {
        if self.has_errors() { Err(self) } else { Ok(self) }
    }
}

fn place(found: &Diagnostic) -> Option<(FileId, u32, u32)> {
    found.primary.as_ref().map(|label| (label.span.file, label.span.start, label.span.end))
}

impl From<Diagnostic> for Diagnostics {
    fn from(found: Diagnostic) -> Self {
        Self(vec![found])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, found: T) {
        self.0.extend(found);
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(found: T) -> Self {
        Self(found.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn sorted_by_file_and_offset_and_equal_ones_once() {
        let note_at = |file, start| Diagnostic::note("X", "").at(Span { file: FileId(file), start, end: 9 }, "");
        let all: Diagnostics = [note_at(1, 0), note_at(0, 5), note_at(0, 2), note_at(0, 5), Diagnostic::error("Y", "")]
            .into_iter()
            .collect();
        assert!(all.has_errors());
        let places: Vec<_> = all.sorted().into_iter().map(|it| place(it).map(|it| (it.0.0, it.1))).collect();
        assert_eq!(places, [None, Some((0, 2)), Some((0, 5)), Some((1, 0))]);
    }

    #[test]
    fn as_many_are_counted_as_are_shown() {
        let mut diagnostics = Diagnostics::new();
        for text in ["a", "a", "b"] {
            diagnostics.push(Diagnostic::error("TH0113", text));
        }
        assert_eq!((diagnostics.count(Severity::Error), diagnostics.count(Severity::Note)), (2, 0));
        assert_eq!(diagnostics.sorted().len(), 2);
    }
}
