//! The path of a request, split into its segments before anything in them is decoded.

use std::borrow::Cow;

use crate::escape::{Kind, decode};

/// Why a path or a query is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub(crate) &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

/// The most segments that a path may have.
const MOST: usize = 256;
/// What most paths have at most.
const FEW: usize = 8;

/// A path that can be looked for.
#[derive(Debug)]
pub struct Path<'a>(Vec<Piece<'a>>);

/// One segment.
#[derive(Debug)]
struct Piece<'a> {
    /// As it came.
    raw: &'a str,
    /// Decoded.
    text: Cow<'a, str>,
}

impl<'a> Piece<'a> {
    fn read(raw: &'a str) -> Result<Self, Malformed> {
        let text = decode(raw, Kind::Segment).ok_or(Malformed("the path has an escape that is none"))?;
        match &*text {
            "." | ".." => Err(Malformed("the path has a segment of dots")),
            text if text.chars().any(char::is_control) => Err(Malformed("the path has a control character")),
            _ => Ok(Self { raw, text }),
        }
    }
}

impl<'a> Path<'a> {
    /// Splits a path such as `/v1/people/7:greet`.
    ///
    /// # Errors
    ///
    /// For escapes that are none, texts that are not UTF-8, control characters, the segments `.` and `..`, and too many segments.
    pub fn read(path: &'a str) -> Result<Self, Malformed> {
        let path = path.strip_prefix('/').ok_or(Malformed("the path does not begin with a slash"))?;
        let mut pieces = Vec::with_capacity(if path.is_empty() { 0 } else { FEW });
        let mut rest = Some(path).filter(|path| !path.is_empty());
        while let Some(path) = rest {
            // Most segments are short: a search by words would take longer.
            let end = path.bytes().position(|byte| byte == b'/');
            let (raw, behind) = path.split_at(end.unwrap_or(path.len()));
            rest = end.and_then(|_| behind.get(1..));
            if pieces.len() == MOST {
                return Err(Malformed("the path has too many segments"));
            }
            pieces.push(Piece::read(raw)?);
        }
        Ok(Self(pieces))
    }

    /// How many segments it has; the last one is empty behind a slash at the end.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A decoded segment.
    pub(crate) fn segment(&self, place: usize) -> Option<&str> {
        self.0.get(place).map(|piece| &*piece.text)
    }

    /// The text of some segments, the last of them without what stands behind the template (`:verb`).
    pub(crate) fn text(&self, first: usize, end: usize, ending: &str) -> Option<String> {
        let mut text = match self.0.get(first..end)? {
            [one] => one.text.to_string(),
            several => {
                let raw: Vec<_> = several.iter().map(|piece| piece.raw).collect();
                decode(&raw.join("/"), Kind::Segments)?.into_owned()
            }
        };
        if end == self.len() && !ending.is_empty() {
            let rest = text.strip_suffix(ending)?.strip_suffix(':')?.len();
            text.truncate(rest);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_split_before_they_are_decoded() {
        let path = Path::read("/v1/a%2Fb/c:do").unwrap();
        assert_eq!((path.len(), path.segment(1)), (3, Some("a/b")));
        assert_eq!(path.text(1, 2, "do").unwrap(), "a/b");
        assert_eq!(path.text(1, 3, "do").unwrap(), "a%2Fb/c");
        assert_eq!(Path::read("/").unwrap().len(), 0);
        assert_eq!(Path::read("/a/").unwrap().segment(1), Some(""));
    }

    #[test]
    fn what_no_file_system_takes_is_refused() {
        for bad in ["", "a", "/%2e%2e/etc", "/a/../b", "/.", "/%2", "/%FF", "/a%0d%0aSet-Cookie: x", "/a%00"] {
            assert!(Path::read(bad).is_err(), "{bad}");
        }
        assert!(Path::read(&"/a".repeat(257)).is_err());
    }
}
