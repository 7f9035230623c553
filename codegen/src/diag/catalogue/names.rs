//! Findings of `resolve`: names, types and constants (TH01xx). One function per code.

use crate::diag::Diagnostic;
use crate::ir::draft::Name;
use crate::source::Span;

fn did_you_mean(nearest: Option<&str>, otherwise: &str) -> String {
    nearest.map_or_else(|| otherwise.to_owned(), |name| format!("did you mean `{name}`?"))
}

/// A type that nobody defines.
pub fn unknown_type(at: Span, name: &str, nearest: Option<&str>) -> Diagnostic {
    Diagnostic::error("TH0102", format!("there is no type `{name}`"))
        .at(at, "not defined here, nor in an included file")
        .help(did_you_mean(nearest, "define it, or include the file that does"))
}

/// Two names that are one in Rust.
pub fn rust_clash(name: &Name, first: &Name, rust: &str) -> Diagnostic {
    let message = if name.text == first.text {
        format!("`{}` is defined twice in one Rust module", name.text)
    } else {
        format!("`{}` and `{}` are both `{rust}` in Rust", first.text, name.text)
    };
    Diagnostic::error("TH0113", message)
        .at(name.span, format!("`{rust}` again"))
        .also(first.span, format!("`{rust}` comes from here"))
        .help("rename one of them; in Thrift `(rust.name = \"…\")` does it for Rust alone")
}

/// Typedefs in a circle.
pub fn typedef_cycle(name: &Name) -> Diagnostic {
    Diagnostic::error("TH0114", format!("the typedef `{}` ends in itself", name.text))
        .at(name.span, "stands for no type")
        .help("let one typedef of the circle name a struct or a base type")
}

/// A base service that does not exist.
pub fn unknown_service(base: &Name, nearest: Option<&str>) -> Diagnostic {
    Diagnostic::error("TH0115", format!("there is no service `{}`", base.text))
        .at(base.span, "not defined here, nor in an included file")
        .help(did_you_mean(nearest, "define it, or include the file that does"))
}

/// A value that does not fit its type.
pub fn value_type(at: Span, wanted: &str, found: &str) -> Diagnostic {
    Diagnostic::error("TH0116", format!("{found} is no value of type `{wanted}`"))
        .at(at, format!("a value of type `{wanted}` is needed here"))
}

/// A constant that nobody defines.
pub fn unknown_constant(at: Span, name: &str, nearest: Option<&str>) -> Diagnostic {
    Diagnostic::error("TH0117", format!("there is no constant `{name}`"))
        .at(at, "not defined here, nor in an included file")
        .help(did_you_mean(nearest, "define it; a member of an enum is written `Enum.MEMBER`"))
}

/// A number outside its type.
pub fn value_range(at: Span, number: &str, wanted: &str, range: &str) -> Diagnostic {
    Diagnostic::error("TH0118", format!("{number} does not fit `{wanted}`"))
        .at(at, format!("`{wanted}` goes from {range}"))
        .help("choose a wider type or a smaller number")
}

/// Constants in a circle.
pub fn constant_circle(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error("TH0119", format!("the constant `{name}` is made of itself"))
        .at(at, format!("leads back to `{name}`"))
        .help("break the circle: let one of its constants be a plain value")
}

/// A constant that is too large when every name in it is written out.
pub fn constant_size(at: Span, name: &str, most: usize) -> Diagnostic {
    Diagnostic::error("TH0131", format!("`{name}` is too large"))
        .at(at, format!("holds more than {most} values once every name in it is written out"))
        .help("make it smaller, or read it from a file when the service starts")
}

/// A struct's value that names no field of it.
pub fn unknown_field(at: Span, name: &str, owner: &str, fields: &[&str]) -> Diagnostic {
    let shown: Vec<String> = fields.iter().take(8).map(|it| format!("`{it}`")).collect();
    let more = if fields.len() > shown.len() { ", …" } else { "" };
    let help = if shown.is_empty() {
        format!("`{owner}` has no fields at all")
    } else {
        format!("its fields are {}{more}", shown.join(", "))
    };
    Diagnostic::error("TH0132", format!("`{owner}` has no field `{name}`")).at(at, "not a field").help(help)
}

/// Something other than an exception behind `throws`.
pub fn throws_other(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error("TH0120", format!("`{name}` is thrown but is no exception"))
        .at(at, "not an exception")
        .help("only what `exception` defines can be thrown")
}

/// A struct that can never be built.
pub fn endless_struct(name: &Name, field: Span) -> Diagnostic {
    Diagnostic::error("TH0121", format!("`{}` must contain itself", name.text))
        .at(field, "a required field that leads back here")
        .also(name.span, "no value of this type can end")
        .help("make the field `optional`")
}

/// A message that no stack has room for.
pub fn large_message(name: &Name, field: Span, bytes: u64) -> Diagnostic {
    Diagnostic::error("PB0007", format!("a value of `{}` takes about {} KiB", name.text, bytes / 1024))
        .at(field, "the largest of its fields")
        .also(name.span, "its messages stand inside of each other")
        .help("make a field on the way `repeated`, which keeps its messages elsewhere; 256 KiB is the most")
}

/// A default that leads back to itself.
pub fn endless_default(owner: &Name, field: &str, at: Span) -> Diagnostic {
    Diagnostic::error("TH0121", format!("the default of `{field}` must contain itself"))
        .at(at, "a default that leads back here")
        .also(owner.span, "no default of this struct can end")
        .help("leave the default out, or give the struct in it a value for the field")
}

/// A default of more structs than memory is for.
pub fn large_default(owner: &Name, field: &str, at: Span, count: u64) -> Diagnostic {
    Diagnostic::error("TH0136", format!("the default of `{field}` builds {count} structs"))
        .at(at, "the defaults of its fields are built with it")
        .also(owner.span, "each new value of this struct would")
        .help("leave defaults out on the way; at most 65536 structs are built")
}

/// A name that exists but is something else.
pub fn wrong_kind(at: Span, name: &str, found: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error("TH0125", format!("`{name}` is {found}, not {wanted}")).at(at, format!("{wanted} is needed here"))
}

/// A name that Rust or a file system would not take.
pub fn name_form(at: Span, name: &str) -> Diagnostic {
    let shown: String = name.chars().take(40).collect();
    let more = if shown.len() < name.len() { "…" } else { "" };
    Diagnostic::error("TH0127", format!("`{shown}{more}` cannot be used as a name"))
        .at(at, "a name has letters, digits and `_`, starts with no digit, and is at most 200 long")
        .help("choose another name")
}

/// A method that the base service has already.
pub fn inherited_method(name: &Name, first: Span, base: &str) -> Diagnostic {
    Diagnostic::error("TH0128", format!("the method `{}` is inherited from `{base}` already", name.text))
        .at(name.span, "defined again here")
        .also(first, "first defined here")
        .help("leave one of them out")
}

/// Services that extend each other.
pub fn service_cycle(base: &Name) -> Diagnostic {
    Diagnostic::error("TH0129", format!("a service ends up extending itself by `{}`", base.text))
        .at(base.span, "closes the circle")
        .help("break the circle")
}
