//! The syntax of Thrift (TH00xx).

use crate::{diag::Diagnostic, source::Span};

/// Something else was expected.
pub fn expected(what: &str, found: &str, at: Span) -> Diagnostic {
    Diagnostic::error("TH0001", format!("expected {what}, found {found}")).at(at, format!("expected {what}"))
}

/// No definition begins here; `near` is the keyword that may have been meant.
pub fn no_definition(found: &str, near: Option<&str>, at: Span) -> Diagnostic {
    let help = match near {
        Some(word) => format!("did you mean `{word}`?"),
        None => "a definition begins with `struct`, `union`, `exception`, `enum`, `service`, \
                 `typedef`, `const`, `namespace` or `include`"
            .to_owned(),
    };
    Diagnostic::error("TH0002", format!("expected a definition, found {found}"))
        .at(at, "no definition begins like this")
        .help(help)
}

/// A bracket is never closed.
pub fn unclosed(open: char, close: char, opened: Span, found: &str, at: Span) -> Diagnostic {
    Diagnostic::error("TH0003", format!("this `{open}` is never closed"))
        .at(opened, "opened here")
        .also(at, format!("expected `{close}` before {found}"))
        .help(format!("add the missing `{close}`"))
}

/// Characters that Thrift has no use for outside of texts and comments.
pub fn stray(what: &str, at: Span) -> Diagnostic {
    Diagnostic::error("TH0004", format!("unexpected {what}"))
        .at(at, "not part of any name, number or sign")
        .help("names are made of ASCII letters, digits and `_`; quote texts")
}

/// A text without its closing quote.
pub fn open_text(quote: &str, at: Span) -> Diagnostic {
    Diagnostic::error("TH0005", format!("the text is not closed with {quote}"))
        .at(at, "begins here")
        .help("close it; inside, write a quote of the same kind with `\\` before it")
}

/// A block comment without its end.
pub fn open_comment(at: Span) -> Diagnostic {
    Diagnostic::error("TH0006", "the comment is not closed").at(at, "begins here").help("close it with `*/`")
}

/// A whole number outside of 64 bits.
pub fn int_too_big(at: Span) -> Diagnostic {
    Diagnostic::error("TH0007", "the number does not fit in 64 bits").at(at, "too large").help(format!(
        "whole numbers lie between {} and {}",
        i64::MIN,
        i64::MAX
    ))
}

/// A type or a literal inside of too many others.
pub fn too_deep(what: &str, limit: usize, at: Span) -> Diagnostic {
    Diagnostic::error("TH0008", format!("{what} are nested deeper than {limit}"))
        .at(at, "too deep")
        .help("give an inner part a name of its own")
}

/// An escape that means nothing; it is kept as it stands.
pub fn unknown_escape(escape: &str, at: Span) -> Diagnostic {
    Diagnostic::warning("TH0009", format!("unknown escape `{escape}`"))
        .at(at, "kept as it stands")
        .help("write `\\\\` for a backslash; known are \\\\ \\\" \\' \\n \\t \\r \\0 \\a \\b \\f \\v")
}

/// The file has so many errors that the rest is not read.
pub fn too_many(limit: usize, at: Span) -> Diagnostic {
    Diagnostic::error("TH0010", format!("more than {limit} errors in this file"))
        .at(at, "not read from here on")
        .help("mend the first ones and run again")
}

/// `void` where a value is needed.
pub fn void_value(at: Span) -> Diagnostic {
    Diagnostic::error("TH0011", "`void` is no type of a value")
        .at(at, "not allowed here")
        .help("`void` can only be the result of a method")
}

/// A number with a point that is too large.
pub fn double_too_big(at: Span) -> Diagnostic {
    Diagnostic::error("TH0012", "the number does not fit in a double")
        .at(at, "too large")
        .help("the largest double is about 1.8e308")
}

/// `0x` with nothing behind it.
pub fn no_digits(at: Span) -> Diagnostic {
    Diagnostic::error("TH0013", "a hex number without digits")
        .at(at, "digits are missing")
        .help("write at least one digit, as in `0x1F`")
}

/// A method that is `oneway` twice, a field that is `required` and `optional`, and the like.
pub fn word_twice(word: &str, at: Span) -> Diagnostic {
    Diagnostic::error("TH0014", format!("`{word}` after another word of its kind"))
        .at(at, "one is enough")
        .help("write only one of `required` and `optional`")
}

/// The file has so many tokens that the rest is not read.
pub fn too_long(limit: usize, at: Span) -> Diagnostic {
    Diagnostic::error("TH0015", format!("more than {limit} words, numbers and signs in this file"))
        .at(at, "not read from here on")
        .help("split the file")
}
