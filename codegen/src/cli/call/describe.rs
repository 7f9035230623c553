//! A service, a method or a type as text of its IDL, with the types that it needs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use codegen::diag::closest;
use codegen::ir::model::{DefId, DefKind, Field, Method, Model, Requiredness, StructKind, Ty};
use codegen::resolve::show_type;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use super::catalog::{Entry, Shape, find};
use super::schema::Schema;

/// Every service with its methods.
pub(super) fn list(entries: &[Entry<'_>], model: Option<&Model>) -> String {
    let mut out = String::new();
    let mut before = "";
    for entry in entries {
        if entry.full != before {
            let _ = writeln!(out, "{}", entry.full);
            before = &entry.full;
        }
        let _ = writeln!(out, "  {}", signature(entry, model));
    }
    out
}

/// What a name is.
///
/// # Errors
///
/// For the name of nothing.
pub(super) fn named(schema: &Schema, entries: &[Entry<'_>], name: &str) -> Result<String, String> {
    let model = schema.model();
    let mut page = Page { model, out: String::new(), seen: BTreeSet::new() };
    let of: Vec<&Entry<'_>> = entries.iter().filter(|it| it.is_of(name)).collect();
    if !of.is_empty() {
        let own: Vec<Entry<'_>> = of.into_iter().cloned().collect();
        page.out = list(&own, model);
        own.iter().for_each(|it| page.entry(it));
        return Ok(page.out);
    }
    if page.ty(schema, name) {
        return Ok(page.out.trim_start().to_owned());
    }
    let entry = find(entries, name).map_err(|error| {
        let known = types(schema);
        match closest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("there is no service, method or type `{name}`: did you mean `{near}`?"),
            None => error,
        }
    })?;
    let _ = writeln!(page.out, "{}", signature(entry, model));
    page.entry(entry);
    Ok(page.out)
}

/// The names of all types.
fn types(schema: &Schema) -> Vec<String> {
    let of_thrift = schema.model().into_iter().flat_map(|model| &model.defs).map(|it| it.head.name.clone());
    of_thrift.chain(schema.pool.all_messages().map(|it| it.full_name().to_owned())).collect()
}

fn signature(entry: &Entry<'_>, model: Option<&Model>) -> String {
    match (&entry.shape, model) {
        (Shape::Thrift(method), Some(model)) => of_thrift(model, method),
        (Shape::Proto(method), _) => of_proto(method),
        (Shape::Thrift(method), None) => method.head.name.clone(),
    }
}

fn of_thrift(model: &Model, method: &Method) -> String {
    let argument = |it: &Field| format!("{}: {} {}", it.id, show_type(&it.ty, model), it.head.name);
    let list = |all: &[Field]| all.iter().map(argument).collect::<Vec<_>>().join(", ");
    let result = method.result.as_ref().map_or_else(|| "void".to_owned(), |ty| show_type(ty, model));
    let oneway = if method.oneway { "oneway " } else { "" };
    let throws = if method.throws.is_empty() { String::new() } else { format!(" throws ({})", list(&method.throws)) };
    format!("{oneway}{result} {}({}){throws}", method.head.name, list(&method.arguments))
}

fn of_proto(method: &MethodDescriptor) -> String {
    let stream = |on| if on { "stream " } else { "" };
    let (input, output) = (method.input(), method.output());
    format!(
        "rpc {}({}{}) returns ({}{})",
        method.name(),
        stream(method.is_client_streaming()),
        input.full_name(),
        stream(method.is_server_streaming()),
        output.full_name()
    )
}

/// What was written, and of which types.
struct Page<'a> {
    model: Option<&'a Model>,
    out: String,
    seen: BTreeSet<String>,
}

impl Page<'_> {
    /// The types of a method.
    fn entry(&mut self, entry: &Entry<'_>) {
        match &entry.shape {
            Shape::Thrift(method) => {
                let fields = method.arguments.iter().chain(&method.throws).map(|it| &it.ty);
                fields.chain(&method.result).for_each(|ty| self.thrift(ty));
            }
            Shape::Proto(method) => {
                self.message(&method.input());
                self.message(&method.output());
            }
        }
    }

    /// A type by its name; whether there is one.
    fn ty(&mut self, schema: &Schema, name: &str) -> bool {
        let full = name.trim_start_matches('.');
        if let Some(message) = schema.pool.all_messages().find(|it| it.full_name() == full || it.name() == full) {
            self.message(&message);
        } else if let Some(members) = schema.pool.all_enums().find(|it| it.full_name() == full || it.name() == full) {
            self.members(&members);
        } else {
            let defs = self.model.map_or(&[][..], |it| &it.defs);
            let Some(place) = defs.iter().position(|it| it.head.name == name) else { return false };
            self.thrift(&Ty::Def(DefId(place)));
        }
        true
    }

    fn thrift(&mut self, ty: &Ty) {
        let Some(model) = self.model else { return };
        let id = match ty {
            Ty::Def(id) => *id,
            Ty::List(item) | Ty::Set(_, item) => return self.thrift(item),
            Ty::Map(_, key, value) => {
                self.thrift(key);
                return self.thrift(value);
            }
            Ty::Base(_) | Ty::WellKnown(_) => return,
        };
        let def = model.def(id);
        let name = &def.head.name;
        // Two files may have a type of one name.
        if !self.seen.insert(format!("{} {name}", id.0)) {
            return;
        }
        let (word, fields) = match &def.kind {
            DefKind::Typedef(target) => {
                let _ = writeln!(self.out, "\ntypedef {} {name}", show_type(target, model));
                return self.thrift(target);
            }
            DefKind::Enum(members) => {
                let members: String =
                    members.iter().map(|it| format!("    {} = {}\n", it.head.name, it.number)).collect();
                let _ = writeln!(self.out, "\nenum {name} {{\n{members}}}");
                return;
            }
            DefKind::Struct(it) if it.kind == StructKind::Exception => ("exception", &it.fields),
            DefKind::Struct(it) => ("struct", &it.fields),
            DefKind::Union(fields) => ("union", fields),
            DefKind::Proto(_) => return,
        };
        let line = |it: &Field| {
            let requiredness = match it.requiredness {
                Requiredness::Required => "required ",
                Requiredness::Optional if word != "union" => "optional ",
                _ => "",
            };
            format!("    {}: {requiredness}{} {}\n", it.id, show_type(&it.ty, model), it.head.name)
        };
        let lines: String = fields.iter().map(line).collect();
        let _ = writeln!(self.out, "\n{word} {name} {{\n{lines}}}");
        fields.iter().for_each(|it| self.thrift(&it.ty));
    }

    fn message(&mut self, message: &MessageDescriptor) {
        if message.full_name().starts_with("google.protobuf.") || !self.seen.insert(message.full_name().to_owned()) {
            return;
        }
        let lines: String = message.fields().map(|it| line(&it)).collect();
        let _ = writeln!(self.out, "\nmessage {} {{\n{lines}}}", message.full_name());
        for field in message.fields() {
            self.kind(&field.kind());
        }
    }

    fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::Message(entry) if entry.is_map_entry() => self.kind(&entry.map_entry_value_field().kind()),
            Kind::Message(message) => self.message(message),
            Kind::Enum(members) => self.members(members),
            _ => {}
        }
    }

    fn members(&mut self, members: &EnumDescriptor) {
        if members.full_name().starts_with("google.protobuf.") || !self.seen.insert(members.full_name().to_owned()) {
            return;
        }
        let lines: String = members.values().map(|it| format!("  {} = {};\n", it.name(), it.number())).collect();
        let _ = writeln!(self.out, "\nenum {} {{\n{lines}}}", members.full_name());
    }
}

fn line(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            format!(
                "map<{}, {}>",
                word(&entry.map_entry_key_field().kind()),
                word(&entry.map_entry_value_field().kind())
            )
        }
        kind => word(&kind),
    };
    let repeated = if field.is_list() { "repeated " } else { "" };
    let group = field.containing_oneof().filter(|it| !it.name().starts_with('_'));
    let group = group.map_or_else(String::new, |it| format!(" // one of {}", it.name()));
    format!("  {repeated}{kind} {} = {};{group}\n", field.name(), field.number())
}

fn word(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(members) => members.full_name().to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}
