//! The path of a route as OpenAPI writes it: parameters in braces, each of one segment.

use crate::ir::http::{Route, Segment, Variable};

/// A path, and the names of its parameters in their order.
pub(super) struct Template {
    pub(super) text: String,
    pub(super) parameters: Vec<Parameter>,
}

/// One parameter of a path.
pub(super) struct Parameter {
    pub(super) name: String,
    /// The field that it is the whole of.
    pub(super) field: Option<String>,
    /// Whether it stands for all segments that are left.
    pub(super) rest: bool,
}

/// The path of a route. A variable of several segments becomes parameters with the names of what is in front of them.
pub(super) fn template(route: &Route) -> Template {
    let (mut text, mut parameters) = (String::new(), Vec::<Parameter>::new());
    let mut before = "";
    for (at, segment) in route.path.iter().enumerate() {
        text.push('/');
        match segment {
            Segment::Literal(literal) => {
                text.push_str(&escaped(literal));
                before = literal;
            }
            Segment::Any | Segment::Rest => {
                let whole = route.variables.iter().find(|it| it.first == at && it.end == at + 1);
                let inside = route.variables.iter().find(|it| (it.first..it.end).contains(&at));
                let name = unique(name(whole, inside, before), &parameters);
                text.push_str(&format!("{{{name}}}"));
                let (field, rest) = (whole.map(|it| it.field.clone()), *segment == Segment::Rest);
                parameters.push(Parameter { name, field, rest });
            }
        }
    }
    if route.path.is_empty() {
        text.push('/');
    }
    if !route.ending.is_empty() {
        text.push(':');
        text.push_str(&escaped(&route.ending));
    }
    Template { text, parameters }
}

fn name(whole: Option<&Variable>, inside: Option<&Variable>, before: &str) -> String {
    match (whole, inside) {
        (Some(whole), _) => whole.field.clone(),
        (None, Some(_)) if is_name(before) => format!("{before}_id"),
        (None, Some(inside)) => inside.field.clone(),
        (None, None) => "segment".to_owned(),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

fn unique(name: String, known: &[Parameter]) -> String {
    let is_known = |name: &str| known.iter().any(|it| it.name == name);
    let more = (2..).map(|at| format!("{name}_{at}"));
    std::iter::once(name.clone()).chain(more).find(|it| !is_known(it)).unwrap_or(name)
}

/// A text of a path, percent-encoded.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
