//! Doc comments: the IDL's own text, made harmless for rustdoc and rustc.

mod blocks;
mod inline;

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::model::Head;

/// `#[doc]` attributes of a head; a sentence with the IDL's name where there is no comment.
pub(crate) fn of(head: &Head, what: &str) -> TokenStream {
    let mut text = head.docs.trim().to_owned();
    if text.is_empty() && !what.is_empty() {
        text = format!("{what} `{}`.", head.name);
    }
    if let Some(note) = &head.deprecated {
        text.push_str(if text.is_empty() { "Deprecated" } else { "\n\nDeprecated" });
        text.push_str(if note.is_empty() { "." } else { ": " });
        text.push_str(note);
    }
    lines(&text)
}

/// `#[doc]` attributes of a head that has a comment; nothing otherwise.
pub(crate) fn if_any(head: &Head) -> TokenStream {
    if head.docs.trim().is_empty() && head.deprecated.is_none() { TokenStream::new() } else { of(head, "") }
}

/// A comment without the indentation that all of its lines have, and without empty lines around it.
pub(crate) fn unindented(text: &str) -> String {
    blocks::unindented(text).join("\n")
}

/// `#[doc]` attributes of a comment's text.
pub(super) fn lines(text: &str) -> TokenStream {
    let lines = blocks::markdown(text);
    let lines = lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}
