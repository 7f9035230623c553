//! Thrift texts to draft definitions: a lexer and a recursive-descent parser that reports every
//! broken statement and goes on behind it. It opens no file and resolves no name.

mod docs;
mod lex;
mod parse;

pub(super) use docs::dedent;

use crate::{
    diag::Diagnostics,
    ir::draft::{Item, Name, Namespace},
    source::FileId,
};

/// How deep types and literals may nest; deeper ones are reported.
pub const MAX_DEPTH: usize = 64;
/// After so many syntax errors the rest of a file is not read.
pub const MAX_ERRORS: usize = 100;

/// After so many tokens the rest of a file is not read: definitions take many times the memory of
/// their text.
pub const MAX_TOKENS: usize = 1_000_000;

/// The contents of one file.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The `namespace` lines.
    pub namespaces: Vec<Namespace>,
    /// The paths of the `include` lines as written; the spans hold the quotes too.
    pub includes: Vec<Name>,
    /// The definitions that could be read.
    pub items: Vec<Item>,
}

/// Reads one text; every syntax error goes to `found`.
///
/// ```
/// use codegen::{diag::Diagnostics, front::thrift, source::SourceMap};
/// let mut sources = SourceMap::new();
/// let file = sources.add("a.thrift", "struct S { 1: i32 a }".to_owned());
/// let mut findings = Diagnostics::new();
/// let parsed = thrift::parse(file, sources.text(file), &mut findings);
/// assert_eq!(parsed.items[0].head().name.text, "S");
/// assert!(findings.is_empty());
/// ```
pub fn parse(file: FileId, text: &str, found: &mut Diagnostics) -> Parsed {
    parse::Parser::new(file, text, found).file()
}
