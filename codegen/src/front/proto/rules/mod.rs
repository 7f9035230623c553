//! Validation rules of proto files: `buf.validate` and protoc-gen-validate's `validate.rules`, as the options of fields,
//! messages and `oneof`s say them. Names and meaning of rules are those of protovalidate; the older one has the same.

mod kinds;
mod numbers;
mod site;
mod texts;
mod times;

use std::collections::BTreeMap;

use protox::prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, FileDescriptor, Kind as Wire,
    MessageDescriptor, Value,
};

use super::place::Places;
use crate::diag::{Diagnostics, catalogue::validation as say};
use crate::ir::rules::{Cond, FieldRules, Group, Kind, List, Measure, Members, MessageRules, Node, Number, Op, Reach};
use kinds::{Kinds, kinds, whole};
use site::Site;

/// Numbers of `options` in the descriptors of fields and messages.
const OF_FIELD: i32 = 8;
const OF_MESSAGE: i32 = 7;

/// The options that say rules, as far as a file of them was imported.
pub(super) struct Options {
    field: Vec<ExtensionDescriptor>,
    message: Vec<ExtensionDescriptor>,
    oneof: Vec<ExtensionDescriptor>,
}

impl Options {
    /// The options that the files know; `None` where there are none.
    pub(super) fn of(pool: &DescriptorPool) -> Option<Self> {
        let find = |names: &[&str]| names.iter().filter_map(|name| pool.get_extension_by_name(name)).collect();
        let options = Self {
            field: find(&["buf.validate.field", "validate.rules"]),
            message: find(&["buf.validate.message", "validate.disabled", "validate.ignored"]),
            oneof: find(&["buf.validate.oneof", "validate.required"]),
        };
        (!options.field.is_empty()).then_some(options)
    }
}

/// Reads the rules of every message of a file.
pub(super) fn read(
    file: &FileDescriptor,
    options: &Options,
    places: &Places<'_>,
    rules: &mut BTreeMap<String, MessageRules>,
    found: &mut Diagnostics,
) {
    let mut open: Vec<MessageDescriptor> = file.messages().collect();
    while let Some(message) = open.pop() {
        open.extend(message.child_messages().filter(|it| !it.is_map_entry()));
        rules.insert(format!(".{}", message.full_name()), read_message(&message, options, places, found));
    }
}

fn read_message(
    message: &MessageDescriptor,
    options: &Options,
    places: &Places<'_>,
    found: &mut Diagnostics,
) -> MessageRules {
    let mut out = MessageRules::default();
    let own = message.options();
    for option in options.message.iter().filter(|it| own.has_extension(it)) {
        let option_path = [OF_MESSAGE, number(option)];
        let mut site = Site::new(places, message.path(), &option_path, found);
        match own.get_extension(option).as_ref() {
            // The older one's `disabled` and `ignored`.
            Value::Bool(true) => return MessageRules::default(),
            Value::Message(rules) if of_message(rules, message, &mut out.groups, &mut site) => {
                return MessageRules::default();
            }
            _ => {}
        }
    }
    for oneof in message.oneofs().filter(|it| !it.is_synthetic()) {
        let own = oneof.options();
        for option in options.oneof.iter().filter(|it| own.has_extension(it)) {
            let required = match own.get_extension(option).as_ref() {
                Value::Bool(required) => *required,
                Value::Message(rules) => is_true(rules, "required"),
                _ => false,
            };
            let test = ("required".to_owned(), "one of its fields has to be set".to_owned());
            let members = Members::Oneof(oneof.name().to_owned());
            let group = Group { path: oneof.name().to_owned(), test, members, required };
            out.groups.extend(required.then_some(group));
        }
    }
    out.fields = message.fields().map(|field| read_field(&field, options, places, found)).collect();
    for group in &out.groups {
        let Members::Fields(members) = &group.members else { continue };
        let within = |name: &str| members.iter().any(|member| member.0 == name);
        out.fields.iter_mut().filter(|it| within(&it.name) && !it.presence).for_each(|it| it.unless_zero = true);
    }
    out
}

/// The rules of a message itself; whether they switch all others off.
fn of_message(
    rules: &DynamicMessage,
    message: &MessageDescriptor,
    groups: &mut Vec<Group>,
    site: &mut Site<'_, '_>,
) -> bool {
    for (field, value) in rules.fields() {
        match (field.name(), value) {
            ("disabled", Value::Bool(true)) => return true,
            ("oneof", Value::List(list)) => {
                for rule in list.iter().filter_map(Value::as_message) {
                    groups.extend(one_of(rule, message, site));
                }
            }
            ("cel" | "cel_expression", _) => site.not_checked(&field, "expressions of CEL are not evaluated"),
            ("disabled", Value::Bool(_)) => {}
            _ => site.not_checked(&field, "this rule is not known here"),
        }
    }
    false
}

fn one_of(rule: &DynamicMessage, message: &MessageDescriptor, site: &mut Site<'_, '_>) -> Option<Group> {
    let names: Vec<String> = match rule.get_field_by_name("fields").as_deref() {
        Some(Value::List(names)) => names.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let required = is_true(rule, "required");
    let mut members = Vec::new();
    for name in &names {
        let Some(field) = message.get_field_by_name(name) else {
            site.push(|at| say::value("oneof", &format!("fields of the message, and `{name}` is none"), at));
            return None;
        };
        members.push((name.clone(), has_presence(&field), place()));
    }
    let words = if required { "exactly one" } else { "at most one" };
    let test = ("message.oneof".to_owned(), format!("{words} of {} has to be set", names.join(", ")));
    (!members.is_empty()).then_some(Group { path: String::new(), test, members: Members::Fields(members), required })
}

/// Where nothing is yet: `resolve` fills it.
fn place() -> Reach {
    Reach::Field { rust: String::new(), boxed: false }
}

/// Whether the Rust field of a field tells an absent value from a zero.
fn has_presence(field: &FieldDescriptor) -> bool {
    field.supports_presence() && field.cardinality() != Cardinality::Required
}

fn read_field(field: &FieldDescriptor, options: &Options, places: &Places<'_>, found: &mut Diagnostics) -> FieldRules {
    let mut rules = FieldRules {
        name: field.name().to_owned(),
        required: false,
        unless_zero: false,
        deprecated: field.field_descriptor_proto().options.as_ref().is_some_and(|it| it.deprecated()),
        presence: has_presence(field),
        absent: Vec::new(),
        node: whole(field),
        reach: place(),
    };
    let own = field.options();
    for option in options.field.iter().filter(|it| own.has_extension(it)) {
        let option_path = [OF_FIELD, number(option)];
        let mut site = Site::new(places, field.path(), &option_path, found);
        let value = own.get_extension(option);
        let Some(message) = value.as_message() else { continue };
        let mut said = Said::default();
        of_value(message, &mut rules.node, &kinds(field), &mut said, &mut site);
        // What proto2 requires is always there in Rust.
        rules.required |= said.required && field.cardinality() != Cardinality::Required;
        rules.unless_zero |= said.unless_zero || (said.unless_zero_value && !field.supports_presence());
        if said.ignored {
            rules.required = false;
        }
    }
    rules
}

/// What the rules of a value say beside its tests.
#[derive(Default)]
struct Said {
    required: bool,
    /// The older rules' `ignore_empty`.
    unless_zero: bool,
    /// `IGNORE_IF_ZERO_VALUE`, which says nothing of values that tell zero from absent.
    unless_zero_value: bool,
    ignored: bool,
}

/// The rules of a value: those of its type, and those that all have.
fn of_value(rules: &DynamicMessage, node: &mut Node, kinds: &Kinds, said: &mut Said, site: &mut Site<'_, '_>) {
    for (field, value) in rules.fields() {
        let mut site = site.inside(&field);
        match (field.name(), value) {
            ("required", Value::Bool(required)) => said.required = *required,
            ("skipped", Value::Bool(skipped)) => said.ignored |= *skipped,
            ("ignore_empty", Value::Bool(empty)) => said.unless_zero |= *empty,
            ("ignore", Value::EnumNumber(how)) => match how {
                0 => {}
                3 => said.ignored = true,
                _ => said.unless_zero_value = true,
            },
            ("cel" | "cel_expression", _) => {
                site.not_checked_here(field.name(), "expressions of CEL are not evaluated")
            }
            ("message", Value::Message(rules)) if kinds.rules != "map" && kinds.rules != "repeated" => {
                said.required |= is_true(rules, "required");
                node.skip |= is_true(rules, "skip");
            }
            (name, Value::Message(rules)) if name == kinds.rules => of_type(rules, node, kinds, said, &mut site),
            // The older rules say of any message by those of `Any` that it has to be set: Envoy does.
            ("any", Value::Message(rules)) if kinds.rules == "message" && only_required(rules) => {
                said.required |= is_true(rules, "required");
            }
            (name, Value::Message(_)) => site.push(|at| say::wrong_type(name, described(kinds.rules), at)),
            (name, _) => site.not_checked_here(name, "this rule is not known here"),
        }
    }
    if said.ignored {
        ignore(node);
    }
}

fn only_required(rules: &DynamicMessage) -> bool {
    rules.fields().all(|(field, _)| field.name() == "required")
}

fn described(rules: &str) -> &str {
    match rules {
        "repeated" => "a repeated field",
        "map" => "a map",
        "message" => "a message",
        other => other,
    }
}

/// Takes every rule away, those of what is inside too.
fn ignore(node: &mut Node) {
    node.tests.clear();
    node.skip = true;
    match &mut node.kind {
        Kind::List(item) | Kind::Set(item) => ignore(item),
        Kind::Map(key, value) => {
            ignore(key);
            ignore(value);
        }
        _ => {}
    }
}

fn of_type(rules: &DynamicMessage, node: &mut Node, kinds: &Kinds, said: &mut Said, site: &mut Site<'_, '_>) {
    said.required |= is_true(rules, "required");
    said.unless_zero |= is_true(rules, "ignore_empty");
    for (extension, _) in rules.extensions() {
        site.not_checked_here(extension.name(), "predefined rules are expressions of CEL, which are not evaluated");
    }
    match kinds.rules {
        "string" => texts::strings(rules, node, site),
        "bytes" => texts::bytes(rules, node, site),
        "duration" | "timestamp" => times::read(kinds.rules, rules, node, site),
        "repeated" | "map" => container(rules, node, kinds, site),
        "bool" => {
            if let Some(wanted) = get(rules, "const").and_then(|it| it.as_bool()) {
                let holds = if wanted { Cond::IsTrue } else { Cond::Not(Box::new(Cond::IsTrue)) };
                site.test(node, "bool.const", format!("must be {wanted}"), holds);
            }
        }
        "any" => {
            for (field, value) in rules.fields() {
                let Value::List(list) = value else { continue };
                let urls: Vec<String> = list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
                let (id, words) = (format!("any.{}", field.name()), urls.join(", "));
                let holds = Cond::In(List::Texts(urls));
                if field.name() == "in" {
                    site.test(node, &id, format!("must be of a type in {words}"), holds);
                } else {
                    site.test(node, &id, format!("must not be of a type in {words}"), Cond::Not(Box::new(holds)));
                }
            }
        }
        "field_mask" => site.not_checked_here("field_mask", "the paths of a mask are not looked at"),
        name => numbers::read(name, rules, node, kinds.wire.as_ref(), site),
    }
}

/// `repeated` and `map`.
fn container(rules: &DynamicMessage, node: &mut Node, kinds: &Kinds, site: &mut Site<'_, '_>) {
    let (unit, least, most) =
        if kinds.rules == "map" { ("pairs", "min_pairs", "max_pairs") } else { ("items", "min_items", "max_items") };
    texts::sizes(kinds.rules, rules, node, Measure::Len, [least, most, ""], unit, site);
    if is_true(rules, "unique") {
        let scalar = matches!(&node.kind, Kind::List(item) if !matches!(item.kind, Kind::Named(_) | Kind::Time | Kind::Any | Kind::Opaque));
        if scalar {
            site.test(node, "repeated.unique", "must hold each item once".to_owned(), Cond::Unique);
        } else {
            site.push(|at| say::wrong_type("unique", "repeated messages", at));
        }
    }
    for (field, value) in rules.fields() {
        let (part, at) = match (field.name(), &mut node.kind) {
            ("items", Kind::List(item)) => (item, 0),
            ("keys", Kind::Map(key, _)) => (key, 0),
            ("values", Kind::Map(_, value)) => (value, 1),
            _ => continue,
        };
        let (Value::Message(rules), Some(kinds)) = (value, kinds.parts.get(at)) else { continue };
        let mut said = Said::default();
        of_value(rules, part, kinds, &mut said, &mut site.inside(&field));
        let message = matches!(kinds.wire, Some(Wire::Message(_)));
        part.unless_zero |= said.unless_zero || (said.unless_zero_value && !message);
    }
}

fn get<'a>(rules: &'a DynamicMessage, name: &str) -> Option<std::borrow::Cow<'a, Value>> {
    if rules.has_field_by_name(name) { rules.get_field_by_name(name) } else { None }
}

fn is_true(rules: &DynamicMessage, name: &str) -> bool {
    get(rules, name).is_some_and(|it| it.as_bool() == Some(true))
}

/// The number of an option, as paths have it.
fn number(option: &ExtensionDescriptor) -> i32 {
    i32::try_from(option.number()).unwrap_or_default()
}

/// Equality with a number.
fn equal(what: Measure, number: Number) -> Cond {
    Cond::Compare(what, Op::Eq, number)
}
