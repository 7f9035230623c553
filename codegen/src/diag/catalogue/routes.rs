//! Routes of HTTP (RT): paths, what their parts mean in a request, and annotations that do nothing.

use crate::diag::Diagnostic;
use crate::ir::draft::Name;
use crate::source::Span;

/// A path does not follow its grammar.
pub fn path_form(path: &str, at: Span, why: &str) -> Diagnostic {
    Diagnostic::error("RT0001", format!("`{path}` is not the path of a route")).at(at, why)
}

/// Segments follow on those that take all that are left.
pub fn behind_rest(path: &str, at: Span) -> Diagnostic {
    Diagnostic::warning("RT0002", format!("`{path}` makes no route: segments follow on the rest of the path"))
        .at(at, "takes all segments that are left")
        .help("put it at the end; in proto a verb behind `:` may follow")
}

/// A variable is no field of the request.
pub fn no_field(name: &str, at: Span, owner: &str, nearest: Option<&str>) -> Diagnostic {
    Diagnostic::error("RT0003", format!("`{owner}` has no field `{name}`"))
        .at(at, "its value would go nowhere")
        .help(did_you_mean(nearest, "name a field of the request, by its name in the IDL"))
}

/// A variable leads through something that has no fields of its own.
pub fn through(name: &str, at: Span, part: &str) -> Diagnostic {
    Diagnostic::error("RT0004", format!("`{name}` leads through `{part}`, which is not one message"))
        .at(at, "a list, a map or a plain value has no fields")
        .help("name a field that is reached by single messages alone")
}

/// A value that is not text where text stands.
pub fn not_text(name: &str, at: Span, field: Span) -> Diagnostic {
    Diagnostic::error("RT0005", format!("the field `{name}` cannot be read from a text"))
        .at(at, "one text stands here")
        .also(field, "a message, a map or a list")
        .help("take a field that is a text, a number, a truth value, an enum or bytes")
}

/// Two methods on one verb and path.
pub fn one_route(verb: &str, at: Span, first: Span, same: bool) -> Diagnostic {
    let message = if same { "one method has a route twice" } else { "two methods have one route" };
    Diagnostic::error("RT0006", message)
        .at(at, format!("`{verb}` and this path again"))
        .also(first, "first here")
        .help("names of variables do not tell routes apart; change a segment or the verb")
}

/// A body that is no field.
pub fn body_field(name: &Name, owner: &str, nearest: Option<&str>) -> Diagnostic {
    Diagnostic::error("RT0007", format!("`{owner}` has no field `{}` that a body can be", name.text))
        .at(name.span, "not a field of the message itself")
        .help(did_you_mean(nearest, "name one field of the message, or write `*` for all of it"))
}

/// A body where HTTP has none.
pub fn unusual_body(verb: &str, at: Span) -> Diagnostic {
    Diagnostic::warning("RT0008", format!("a `{verb}` with a body is dropped by many proxies"))
        .at(at, "read where it arrives")
        .help("leave the body out, or take another verb")
}

/// A stream of requests that are not whole bodies.
pub fn streamed(method: &Name, at: Span) -> Diagnostic {
    let message =
        format!("a rule of `{}` makes no route: its requests are a stream, which is the body alone", method.text);
    Diagnostic::warning("RT0009", message)
        .at(at, "one value for all requests of a stream")
        .help("write `body: \"*\"` and a path without variables")
}

/// Bindings inside of bindings.
pub fn nested_bindings(at: Span) -> Diagnostic {
    Diagnostic::error("RT0010", "additional bindings have additional bindings")
        .at(at, "they do not nest")
        .help("put all of them side by side")
}

/// A rule without verb and path.
pub fn no_pattern(at: Span) -> Diagnostic {
    Diagnostic::warning("RT0011", "a rule has no path")
        .at(at, "makes no route")
        .help("give it `get`, `put`, `post`, `delete`, `patch` or `custom`")
}

/// A variable that is bound twice.
pub fn variable_twice(name: &str, at: Span, first: Span) -> Diagnostic {
    Diagnostic::error("RT0012", format!("the variable `{name}` stands twice in one path"))
        .at(at, "again here")
        .also(first, "first here")
        .help("give each part of the path a field of its own")
}

/// Arguments that are not one struct.
pub fn not_one_struct(method: &Name, at: Span) -> Diagnostic {
    Diagnostic::error("RT0013", format!("the method `{}` has a route and does not take one struct", method.text))
        .at(at, "the parts of a request are fields of one struct")
        .help("put the arguments into a struct and take that")
}

/// An annotation of Hertz' family that there is not.
pub fn unknown_annotation(key: &Name, nearest: Option<&str>) -> Diagnostic {
    Diagnostic::warning("RT0014", format!("the annotation `{}` is not known", key.text))
        .at(key.span, "does nothing")
        .help(did_you_mean(nearest, "docs/http.md lists those that are"))
}

/// An annotation of Hertz' family that does nothing where it stands.
pub fn idle_annotation(key: &Name, why: &str) -> Diagnostic {
    Diagnostic::warning("RT0015", format!("the annotation `{}` does nothing here", key.text)).at(key.span, why)
}

/// A verb that is none.
pub fn verb(verb: &str, at: Span) -> Diagnostic {
    Diagnostic::error("RT0016", format!("`{verb}` is not a verb of HTTP"))
        .at(at, "in this rule")
        .help("a verb has letters alone, such as `HEAD`; `*` is every one")
}

/// A raw body that is not bytes, or is not the only one.
pub fn raw_body(field: &str, at: Span) -> Diagnostic {
    Diagnostic::error("RT0017", format!("the field `{field}` cannot be the body as it is"))
        .at(at, "one field of type `binary` or `string` can")
        .help("change its type, or leave the annotation out")
}

fn did_you_mean(nearest: Option<&str>, otherwise: &str) -> String {
    nearest.map_or_else(|| otherwise.to_owned(), |name| format!("did you mean `{name}`?"))
}
