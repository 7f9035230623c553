//! Paths in the way of Hertz: `/users/:id/*rest`.

use super::path::{Bound, Path, Refusal, Why, literal, no_slash, refuse};
use crate::ir::http::Segment;

/// Reads a path of Hertz, which may lack the slash in front.
pub(super) fn path(text: &str) -> Result<Path, Refusal> {
    let inside = text.strip_prefix('/').unwrap_or(text);
    let mut path = Path::default();
    if inside.is_empty() {
        return if text.is_empty() { no_slash(text) } else { Ok(path) };
    }
    let mut start = text.len() - inside.len();
    let mut rest = None;
    for part in inside.split('/') {
        let range = start..start + part.len();
        if let Some(rest) = rest {
            return Err(Refusal { at: rest, why: Why::BehindRest });
        }
        match part.split_at_checked(1) {
            Some((mark @ (":" | "*"), field)) => {
                if field.is_empty() || field.contains([':', '*', '{', '}']) {
                    return refuse(range, "a parameter is a name behind `:` or `*`, and a whole segment");
                }
                rest = (mark == "*").then(|| range.clone());
                path.segments.push(if mark == ":" { Segment::Any } else { Segment::Rest });
                let segments = path.segments.len() - 1..path.segments.len();
                path.variables.push(Bound { field: field.to_owned(), at: range.start + 1..range.end, segments });
            }
            // A slash at the end is one more segment, as to Hertz.
            None if range.end < text.len() => {
                return refuse(range.start.saturating_sub(1)..range.end, "a segment is empty");
            }
            _ => {
                if let Some(mark) = part.find(':') {
                    let mark = range.start + mark;
                    return refuse(mark..mark + 1, "a parameter is a whole segment: `/:name/`");
                }
                path.segments.push(Segment::Literal(literal(text, range.clone())?));
            }
        }
        start = range.end + 1;
    }
    Ok(path)
}
