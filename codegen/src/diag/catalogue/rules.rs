//! Findings of `check`: TH01xx. One function per code.

use crate::diag::Diagnostic;
use crate::ir::draft::Name;
use crate::options::{Ids, TABLE};
use crate::source::Span;

/// Two definitions of one file share a name.
pub fn duplicate_definition(name: &Name, first: Span) -> Diagnostic {
    Diagnostic::error("TH0101", format!("the name `{}` is defined twice", name.text))
        .at(name.span, "defined again here")
        .also(first, "first defined here")
        .help("rename one of them")
}

/// Two fields, arguments or thrown exceptions share a name.
pub fn duplicate_field(name: &Name, first: Span, owner: &str) -> Diagnostic {
    Diagnostic::error("TH0103", format!("the name `{}` is used twice in `{owner}`", name.text))
        .at(name.span, "used again here")
        .also(first, "first used here")
        .help("rename one of them")
}

/// Two fields share an id.
pub fn duplicate_id(at: Span, first: Span, id: i64, owner: &str, free: i64) -> Diagnostic {
    Diagnostic::error("TH0104", format!("field id {id} is used twice in `{owner}`"))
        .at(at, format!("give this field another id: {free} is free"))
        .also(first, "first used here")
}

/// An id that does not fit the wire.
pub fn id_range(at: Span, id: i64) -> Diagnostic {
    Diagnostic::error("TH0105", format!("field id {id} does not fit 16 bits"))
        .at(at, "ids go from -32768 to 32767")
        .help("a field id is an i16 on the wire; use 1 to 32767")
}

/// An id below 1: legal on the wire, and what Kitex only warns about.
pub fn id_not_positive(at: Span, id: i64) -> Diagnostic {
    Diagnostic::warning("TH0106", format!("field id {id} is not positive"))
        .at(at, "use an id from 1")
        .help("ids below 1 are what older compilers gave to fields without an id")
}

/// A oneway method with a result.
pub fn oneway_result(method: &Name, result: Span) -> Diagnostic {
    Diagnostic::error("TH0107", format!("the oneway method `{}` has a result", method.text))
        .at(result, "nobody will receive this")
        .help("write `oneway void`, or leave `oneway` out")
}

/// A oneway method that throws.
pub fn oneway_throws(method: &Name, thrown: Span) -> Diagnostic {
    Diagnostic::error("TH0108", format!("the oneway method `{}` throws", method.text))
        .at(thrown, "nobody will receive this")
        .help("leave `throws` out, or leave `oneway` out")
}

/// Two methods of one service share a name.
pub fn duplicate_method(name: &Name, first: Span, service: &str) -> Diagnostic {
    Diagnostic::error("TH0109", format!("the method `{}` is defined twice in `{service}`", name.text))
        .at(name.span, "defined again here")
        .also(first, "first defined here")
        .help("rename one of them: Thrift has no overloading")
}

/// Two members of one enum share a number.
pub fn duplicate_number(at: Span, first: Span, number: i64, owner: &str) -> Diagnostic {
    Diagnostic::error("TH0110", format!("the number {number} is used twice in the enum `{owner}`"))
        .at(at, "used again here")
        .also(first, "first used here")
        .help("give one of them another number")
}

/// Two members of one enum share a name.
pub fn duplicate_member(name: &Name, first: Span, owner: &str) -> Diagnostic {
    Diagnostic::error("TH0111", format!("the enum `{owner}` has two members `{}`", name.text))
        .at(name.span, "used again here")
        .also(first, "first used here")
        .help("rename one of them")
}

/// An enum's number that does not fit the wire.
pub fn number_range(at: Span, number: i64, owner: &str) -> Diagnostic {
    Diagnostic::error("TH0112", format!("the number {number} of the enum `{owner}` does not fit 32 bits"))
        .at(at, "numbers go from -2147483648 to 2147483647")
        .help("an enum is an i32 on the wire")
}

/// A union's field with `required`.
pub fn union_required(at: Span, owner: &str) -> Diagnostic {
    Diagnostic::warning("TH0122", format!("a field of the union `{owner}` is marked `required`"))
        .at(at, "the word is ignored here")
        .help("a union holds exactly one of its fields; leave `required` out")
}

/// Fields whose ids were left out.
pub fn omitted_ids(at: Span, owner: &str, ids: &str, how: Ids) -> Diagnostic {
    let help = match how {
        Ids::Kitex => "as in Kitex, an omitted id is the one before it plus 1; write the ids to keep them stable",
        Ids::Apache => "as in Apache's compiler, omitted ids count down from -1; write the ids to keep them stable",
    };
    Diagnostic::note("TH0123", format!("`{owner}` leaves field ids out")).at(at, format!("read as {ids}")).help(help)
}

/// Two served Thrift services with one name and a method of one name.
pub fn one_service_name(name: &str, at: Span, first: Span) -> Diagnostic {
    Diagnostic::error("TH0150", format!("two services of this program are named `{name}` and share a method"))
        .at(at, "named again here")
        .also(first, "first named here")
        .help("a Thrift message does not tell namespaces apart: rename one, or serve them by two programs")
}

/// Services whose short names in a registry are equal.
pub fn one_registry_name(short: &str, first: Span, others: &[Span]) -> Diagnostic {
    let note = Diagnostic::note("TH0151", format!("several services would be registered as `{short}`"))
        .at(first, "registered under its longer name")
        .help("the package or namespace is put in front of their names; `[names]` in service.toml can say others");
    others.iter().fold(note, |note, other| note.also(*other, "as this one"))
}

/// An annotation of ours that there is not.
pub fn unknown_annotation(key: &Name) -> Diagnostic {
    let names = TABLE.iter().filter(|it| !it.on.is_empty()).map(|it| format!("`rust.{}`", it.name));
    let names: Vec<String> = names.chain(["`rust.idempotent`".to_owned(), "`rust.name`".to_owned()]).collect();
    Diagnostic::warning("TH0133", format!("the annotation `{}` is not known", key.text))
        .at(key.span, "does nothing")
        .help(format!("there are {}", names.join(", ")))
}

/// An annotation of ours where it has no meaning.
pub fn misplaced_annotation(key: &Name) -> Diagnostic {
    Diagnostic::warning("TH0134", format!("the annotation `{}` does nothing here", key.text))
        .at(key.span, "has no meaning for this")
        .help("put it behind the struct, union, exception, enum, service or method that it is about")
}

/// An annotation of ours with a value that it does not take.
pub fn annotation_value(key: &Name, at: Span, wanted: &str) -> Diagnostic {
    Diagnostic::error("TH0135", format!("`{}` does not take this value", key.text))
        .at(at, "not understood")
        .help(wanted)
}

/// A streaming method of Thrift.
pub fn streaming(method: &Name) -> Diagnostic {
    Diagnostic::error("TH0124", format!("the method `{}` streams", method.text))
        .at(method.span, "streams are supported for proto services, not for Thrift")
        .help("give it one request and one reply, or leave out such methods with `--skip-streaming`")
}

/// A streaming method of Thrift that the user asked to leave out.
pub fn skipped_stream(method: &Name) -> Diagnostic {
    Diagnostic::note("TH0152", format!("the method `{}` streams and is left out", method.text))
        .at(method.span, "streams are supported for proto services, not for Thrift")
}
