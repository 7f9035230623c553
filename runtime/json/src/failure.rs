//! Errors of reading JSON: what is wrong, the path of the field, the byte.

use std::fmt::{self, Write as _};

use kiteline_core::error::{Code, Error, Origin};

/// Why JSON is not the message that was asked for.
///
/// Shown as `user.addresses[2].zip: 12 is not a text, at byte 57`.
#[derive(Debug)]
pub struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    what: String,
    /// Where in the text; `None` for a value that stands outside of the body.
    at: Option<usize>,
    /// Whether a limit of memory was reached.
    exhausted: bool,
    /// Innermost first.
    path: Vec<Step>,
}

/// One step of a path to a value.
#[derive(Debug)]
pub(crate) enum Step {
    Field(&'static str),
    Element(usize),
    Key(String),
}

/// The outcome of reading a value.
pub type Read<T = ()> = Result<T, Failure>;

impl Failure {
    #[cold]
    pub(crate) fn new(what: impl Into<String>, at: Option<usize>) -> Self {
        Self(Box::new(Inner { what: what.into(), at, exhausted: false, path: Vec::new() }))
    }

    #[cold]
    pub(crate) fn exhausted(what: String, at: Option<usize>) -> Self {
        Self(Box::new(Inner { what, at, exhausted: true, path: Vec::new() }))
    }

    #[cold]
    pub(crate) fn inside(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }

    /// Without its path: for what is inside of a field that nobody knows.
    #[cold]
    pub(crate) fn bare(mut self) -> Self {
        self.0.path.clear();
        self
    }

    /// The path of the value that is wrong, such as `user.addresses[2].zip`; empty for the whole message.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.0.path.iter().rev() {
            // Writing to a string does not fail.
            let _ = match step {
                Step::Field(name) if path.is_empty() => write!(path, "{name}"),
                Step::Field(name) => write!(path, ".{name}"),
                Step::Element(place) => write!(path, "[{place}]"),
                Step::Key(key) => write!(path, "[{key:?}]"),
            };
        }
        path
    }

    /// The byte of the text, counted from 0; `None` for a value that stood outside of the body.
    pub fn at(&self) -> Option<usize> {
        self.0.at
    }

    /// The same as an error of a request that cannot be read, or of an answer: [`Code::InvalidArgument`] or
    /// [`Code::Internal`]; [`Code::ResourceExhausted`] where a limit of memory was reached.
    pub fn into_error(self, code: Code) -> Error {
        let code = if self.0.exhausted { Code::ResourceExhausted } else { code };
        Error::new(code, self.to_string()).with_origin(Origin::Decode)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.0.what)?;
        match self.0.at {
            Some(at) => write!(f, ", at byte {at}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
