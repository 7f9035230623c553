//! A fault of a request, with its place in the JSON.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};

/// A fault and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    at: Range<usize>,
    message: String,
    /// What to write there, behind the message.
    advice: String,
    label: String,
    help: String,
}

impl Fault {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), advice: String::new(), label: String::new(), help: String::new() }
    }

    /// What to write in its place.
    pub(super) fn advice(mut self, text: impl Into<String>) -> Self {
        self.advice = text.into();
        self
    }

    /// The text beside the marker.
    pub(super) fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// What to do about it.
    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = text.into();
        self
    }

    /// What is wrong, for who cannot mend it: the JSON is somebody else's.
    pub(super) fn told(&self) -> String {
        if self.label.is_empty() { self.message.clone() } else { format!("{}: {}", self.message, self.label) }
    }

    /// As a finding about an IDL looks. `text` is the JSON, `name` where it is from.
    pub(super) fn shown(&self, text: &str, name: &str, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let end = boundary(text, self.at.end);
        let mark = AnnotationKind::Primary.span(boundary(text, self.at.start.min(end))..end);
        let mark = match self.label.as_str() {
            "" => mark,
            label => mark.label(normalize_untrusted_str(label)),
        };
        let advice = if self.advice.is_empty() { String::new() } else { format!(": write {}", self.advice) };
        let title = Level::ERROR.primary_title(normalize_untrusted_str(&format!("{}{advice}", self.message)));
        let mut group = title.element(Snippet::source(text).path(name).annotation(mark));
        if !self.help.is_empty() {
            group = group.element(Level::HELP.message(normalize_untrusted_str(&self.help)));
        }
        renderer.render(&[group])
    }
}

/// The nearest offset at or before one at which a letter begins.
fn boundary(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|it| text.is_char_boundary(*it)).unwrap_or(0)
}
