//! Finding and reading files (SR).

use crate::{
    diag::Diagnostic,
    source::{MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES, Span},
};

/// An included file is nowhere.
pub fn missing_include(path: &str, searched: &[String], holder: Option<&str>, by: Span) -> Diagnostic {
    let places: Vec<_> = searched.iter().map(|it| format!("`{it}`")).collect();
    let what = match holder {
        Some(dir) => format!("it is below `{dir}`: add that directory with `-I {dir}`"),
        None => "add a directory with `-I DIR`".to_owned(),
    };
    Diagnostic::error("SR0001", format!("cannot find `{path}`"))
        .at(by, "no such file")
        .help(format!("searched in {}; {what}", places.join(", ")))
}

/// An included file lies outside every directory that the user named.
pub fn outside(path: &str, folder: &str, by: Span) -> Diagnostic {
    Diagnostic::error("SR0002", format!("`{path}` lies outside the directories that may be read"))
        .at(by, "refused, links followed")
        .help(format!(
            "only the directories of the given files and those of `-I` are read; add this one with `-I {folder}`"
        ))
}

/// Files include each other in a circle; `circle` ends with its first name.
pub fn include_cycle(circle: &[String], by: Span) -> Diagnostic {
    Diagnostic::error("SR0003", format!("files include each other: {}", circle.join(" -> ")))
        .at(by, "this closes the circle")
        .help("move what both need to a file of its own")
}

/// A file is too big.
pub fn too_big(path: &str, by: Option<Span>) -> Diagnostic {
    Diagnostic::error("SR0004", format!("`{path}` is larger than {} MiB", MAX_FILE_BYTES >> 20))
        .at_maybe(by, "included here")
        .help("split the file")
}

/// There are too many files.
pub fn too_many_files(path: &str, by: Option<Span>) -> Diagnostic {
    Diagnostic::error("SR0005", format!("`{path}` is one file too many: at most {MAX_FILES} are read"))
        .at_maybe(by, "included here")
        .help("generate from fewer files at a time")
}

/// A file is not UTF-8.
pub fn not_utf8(path: &str, byte: usize, by: Option<Span>) -> Diagnostic {
    Diagnostic::error("SR0006", format!("`{path}` is not UTF-8: the first bad byte is at offset {byte}"))
        .at_maybe(by, "included here")
        .help("save the file as UTF-8")
}

/// A file is of no known language.
pub fn unknown_ending(path: &str) -> Diagnostic {
    Diagnostic::error("SR0007", format!("`{path}` is neither Thrift nor Protocol Buffers"))
        .help("the name must end in `.thrift` or `.proto`")
}

/// An included file is there and cannot be read.
pub fn unreadable_include(path: &str, what: &str, by: Span) -> Diagnostic {
    Diagnostic::error("SR0008", format!("cannot read `{path}`"))
        .at(by, what)
        .help("the path must lead to a file that you may read")
}

/// All files together are too big.
pub fn too_much(path: &str, by: Option<Span>) -> Diagnostic {
    let limit = MAX_TOTAL_BYTES >> 20;
    Diagnostic::error("SR0009", format!("with `{path}` the files are larger than {limit} MiB together"))
        .at_maybe(by, "included here")
        .help("generate from fewer files at a time")
}
