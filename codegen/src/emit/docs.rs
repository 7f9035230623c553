//! Doc comments: the IDL's own text, made harmless for rustdoc and rustc.

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

pub(super) fn unindented(text: &str) -> String {
    text.lines().map(|it| it.strip_prefix(' ').unwrap_or(it)).collect::<Vec<_>>().join("\n").trim().to_owned()
}

pub(super) fn lines(text: &str) -> TokenStream {
    let mut fenced = false;
    let lines: Vec<String> =
        text.lines().map(|line| format!(" {}", clean(line, &mut fenced, true)).trim_end().to_owned()).collect();
    let closing = fenced.then(|| " ```".to_owned());
    let lines = lines.into_iter().chain(closing);
    quote!(#(#[doc = #lines])*)
}

/// One line: code fences become `text`, so that nothing is compiled as a doc test; deep
/// indentation goes, for the same reason; brackets and angles are `escaped` outside fences, and
/// what changes the direction of text is shown as its number.
fn clean(line: &str, fenced: &mut bool, escaped: bool) -> String {
    let start = line.trim_start();
    if start.starts_with("```") || start.starts_with("~~~") {
        *fenced = !*fenced;
        return if *fenced { "```text".to_owned() } else { "```".to_owned() };
    }
    let indent = (line.len() - start.len()).min(3);
    let mut out = " ".repeat(if *fenced { line.len() - start.len() } else { indent });
    for c in start.chars() {
        match c {
            '[' | ']' | '<' | '>' if escaped && !*fenced => out.extend(['\\', c]),
            '\t' => out.push(' '),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}' => {
                out.push_str(&format!("U+{:04X}", u32::from(c)));
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
