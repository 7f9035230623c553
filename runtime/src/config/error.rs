//! Settings that cannot be used, each with the place where it stands.

use kiteline_core::words::nearest;

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A named file that cannot be read.
    #[error("the configuration {path} (named by {by}) cannot be read: {why}")]
    File {
        /// The file.
        path: String,
        /// What named it.
        by: &'static str,
        /// The system's reason.
        why: String,
    },
    /// A key or a value of the file, with its line.
    #[error("{0}")]
    Toml(String),
    /// A flag.
    #[error("{0}")]
    Flag(String),
    /// An environment variable.
    #[error("{name}: {why}")]
    Environment {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The address that others are to dial.
    #[error("the address to advertise, from {by}, cannot be used: {why}")]
    Advertise {
        /// The setting or variable.
        by: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// The toml crate's own picture, with `file:line` before it and the nearest key after it.
    pub(super) fn toml(name: &str, text: &str, error: &toml::de::Error) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        let mut out = format!("{name}:{line}:{column}: {}", error.to_string().trim_end());
        if let Some(near) = suggestion(error.message()) {
            out.push_str(&format!("\ndid you mean `{near}`?"));
        }
        Self::Toml(out)
    }
}

/// serde's text is "unknown field `a`, expected one of `b`, `c`".
fn suggestion(message: &str) -> Option<&str> {
    let mut words = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let wrong = words.next()?;
    nearest(wrong, &words.collect::<Vec<_>>())
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        crate::Error::invalid(error.to_string())
    }
}
