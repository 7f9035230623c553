//! Rules of texts and bytes, and of sizes.

use protox::prost_reflect::{DynamicMessage, Value};

use super::{equal, get, numbers, site::Site};
use crate::diag::catalogue::validation as say;
use crate::ir::bounds::{less, show};
use crate::ir::patterns;
use crate::ir::rules::{Cond, List, Measure, Node, Number, Op, Part};

/// Forms of text: the rule, the runtime's function, in words.
const FORMS: &[(&str, &str, &str)] = &[
    ("email", "email", "an email address"),
    ("hostname", "hostname", "a hostname"),
    ("ip", "ip", "an IP address"),
    ("ipv4", "ipv4", "an IPv4 address"),
    ("ipv6", "ipv6", "an IPv6 address"),
    ("uri", "uri", "a URI"),
    ("address", "address", "a hostname or an IP address"),
    ("uuid", "uuid", "a UUID"),
    ("tuuid", "tuuid", "a UUID without dashes"),
    ("ip_with_prefixlen", "ip_prefix", "an IP address with the length of a prefix"),
    ("ipv4_with_prefixlen", "ipv4_prefix", "an IPv4 address with the length of a prefix"),
    ("ipv6_with_prefixlen", "ipv6_prefix", "an IPv6 address with the length of a prefix"),
    ("ip_prefix", "ip_network", "an IP prefix"),
    ("ipv4_prefix", "ipv4_network", "an IPv4 prefix"),
    ("ipv6_prefix", "ipv6_network", "an IPv6 prefix"),
    ("host_and_port", "host_and_port", "a host and a port"),
    ("ulid", "ulid", "a ULID"),
    ("protobuf_fqn", "dotted_name", "a full name of protobuf"),
];

/// Rules that say how others are meant, or nothing.
const BESIDE: &[&str] = &["strict", "example", "ignore_empty"];

pub(super) fn strings(rules: &DynamicMessage, node: &mut Node, site: &mut Site<'_, '_>) {
    sizes("string", rules, node, Measure::Chars, ["min_len", "max_len", "len"], "characters", site);
    sizes("string", rules, node, Measure::Len, ["min_bytes", "max_bytes", "len_bytes"], "bytes", site);
    for (field, value) in rules.fields() {
        let (name, id) = (field.name(), format!("string.{}", field.name()));
        let mut site = site.inside(&field);
        match (name, value) {
            ("min_len" | "max_len" | "len" | "min_bytes" | "max_bytes" | "len_bytes", _) => {}
            (_, Value::String(text)) => of_text(name, text, node, &mut site),
            ("in" | "not_in", Value::List(list)) => {
                let texts: Vec<String> = list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
                let words = texts.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
                listed(name, &id, words, Cond::In(List::Texts(texts)), node, &site);
            }
            ("uri_ref", Value::Bool(true)) => {
                site.test(node, &id, "must be a URI or a reference to one".to_owned(), Cond::Form("uri_reference"));
            }
            ("protobuf_dot_fqn", Value::Bool(true)) => {
                let pattern = r"^\.[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*$";
                form(&id, "a full name of protobuf behind a dot", Cond::Pattern(pattern.to_owned()), node, &site);
            }
            ("well_known_regex", Value::EnumNumber(which)) => header(*which, rules, node, &site),
            (_, Value::Bool(wanted)) => match FORMS.iter().find(|it| it.0 == name) {
                Some((_, function, words)) if *wanted => form(&id, words, Cond::Form(function), node, &site),
                None if !BESIDE.contains(&name) && *wanted => {
                    site.not_checked_here(name, "this rule is not known here");
                }
                _ => {}
            },
            _ if BESIDE.contains(&name) => {}
            _ => site.not_checked_here(name, "this rule is not known here"),
        }
    }
}

/// A form of text; an empty text breaks a rule of its own.
fn form(id: &str, words: &str, holds: Cond, node: &mut Node, site: &Site<'_, '_>) {
    let empty = equal(Measure::Len, Number::Int(0));
    site.test(node, id, format!("must be {words}"), Cond::Any(vec![empty, holds]));
    let some = Cond::Compare(Measure::Len, Op::Ne, Number::Int(0));
    site.test(node, &format!("{id}_empty"), format!("must be {words}, and is empty"), some);
}

fn of_text(name: &str, text: &str, node: &mut Node, site: &mut Site<'_, '_>) {
    let (words, holds) = match name {
        "const" => (format!("must equal `{text}`"), Cond::Text(Part::Whole, text.to_owned())),
        "prefix" => (format!("must begin with `{text}`"), Cond::Text(Part::Prefix, text.to_owned())),
        "suffix" => (format!("must end with `{text}`"), Cond::Text(Part::Suffix, text.to_owned())),
        "contains" => (format!("must contain `{text}`"), Cond::Text(Part::Contains, text.to_owned())),
        "not_contains" => {
            let holds = Cond::Text(Part::Contains, text.to_owned());
            (format!("must not contain `{text}`"), Cond::Not(Box::new(holds)))
        }
        "pattern" => return pattern("string.pattern", text, node, site),
        _ => return site.not_checked_here(name, "this rule is not known here"),
    };
    site.test(node, &format!("string.{name}"), words, holds);
}

fn pattern(id: &str, text: &str, node: &mut Node, site: &mut Site<'_, '_>) {
    match patterns::translate(text) {
        Ok(pattern) => site.test(node, id, format!("must match the pattern `{text}`"), Cond::Pattern(pattern)),
        Err(why) => site.push(|at| say::pattern(&why, at)),
    }
}

/// `well_known_regex`: parts of a header of HTTP.
fn header(which: i32, rules: &DynamicMessage, node: &mut Node, site: &Site<'_, '_>) {
    let loose = get(rules, "strict").is_some_and(|it| it.as_bool() == Some(false));
    let id = "string.well_known_regex";
    match which {
        1 => {
            let holds = Cond::Form(if loose { "header_name_loose" } else { "header_name" });
            form(&format!("{id}.header_name"), "the name of an HTTP header", holds, node, site);
        }
        2 => {
            let holds = Cond::Form(if loose { "header_value_loose" } else { "header_value" });
            site.test(node, &format!("{id}.header_value"), "must be the value of an HTTP header".to_owned(), holds);
        }
        _ => {}
    }
}

fn listed(name: &str, id: &str, words: String, holds: Cond, node: &mut Node, site: &Site<'_, '_>) {
    if name == "in" {
        site.test(node, id, format!("must be one of {words}"), holds);
    } else {
        site.test(node, id, format!("must not be one of {words}"), Cond::Not(Box::new(holds)));
    }
}

pub(super) fn bytes(rules: &DynamicMessage, node: &mut Node, site: &mut Site<'_, '_>) {
    sizes("bytes", rules, node, Measure::Len, ["min_len", "max_len", "len"], "bytes", site);
    for (field, value) in rules.fields() {
        let (name, id) = (field.name(), format!("bytes.{}", field.name()));
        let mut site = site.inside(&field);
        match (name, value) {
            ("min_len" | "max_len" | "len" | "example" | "ignore_empty", _) => {}
            ("pattern", Value::String(text)) => pattern(&id, text, node, &mut site),
            ("in" | "not_in", Value::List(list)) => {
                let list: Vec<Vec<u8>> = list.iter().filter_map(|it| it.as_bytes().map(|it| it.to_vec())).collect();
                let words = list.iter().map(|it| hex(it)).collect::<Vec<_>>().join(", ");
                listed(name, &id, words, Cond::In(List::Bytes(list)), node, &site);
            }
            (_, Value::Bytes(part)) => {
                let (words, how) = match name {
                    "const" => ("must equal", Part::Whole),
                    "prefix" => ("must begin with", Part::Prefix),
                    "suffix" => ("must end with", Part::Suffix),
                    _ => ("must contain", Part::Contains),
                };
                site.test(node, &id, format!("{words} {}", hex(part)), Cond::Bytes(how, part.to_vec()));
            }
            (_, Value::Bool(true)) => {
                let (words, lengths): (_, &[i128]) = match name {
                    "ip" => ("the 4 or 16 bytes of an IP address", &[4, 16]),
                    "ipv4" => ("the 4 bytes of an IPv4 address", &[4]),
                    "ipv6" => ("the 16 bytes of an IPv6 address", &[16]),
                    "uuid" => ("the 16 bytes of a UUID", &[16]),
                    _ => {
                        site.not_checked_here(name, "this rule is not known here");
                        continue;
                    }
                };
                let lengths = lengths.iter().map(|it| Number::Int(*it)).collect();
                form(&id, words, Cond::In(List::Numbers(Measure::Len, lengths)), node, &site);
            }
            (_, Value::Bool(false)) => {}
            _ => site.not_checked_here(name, "this rule is not known here"),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

/// The least, the largest and the exact size of something, by the names of their rules.
pub(super) fn sizes(
    of: &str,
    rules: &DynamicMessage,
    node: &mut Node,
    what: Measure,
    [least, most, exact]: [&str; 3],
    unit: &str,
    site: &mut Site<'_, '_>,
) {
    let size = |name: &str| get(rules, name).and_then(|it| numbers::number(&it));
    let (low, high) = (size(least), size(most));
    if let (Some(low), Some(high)) = (low, high)
        && less(high, low)
    {
        let (rule, why) = (format!("{of}.{most}"), format!("it contradicts `{least}`"));
        site.at(rules, most).push(|at| say::never(&rule, &why, at));
    }
    let mut test = |name: &str, number: Option<Number>, op, words: &str| {
        if let Some(number) = number {
            let unit = if number == Number::Int(1) { unit.trim_end_matches('s') } else { unit };
            let text = format!("must have {words}{} {unit}", show(number));
            site.test(node, &format!("{of}.{name}"), text, Cond::Compare(what, op, number));
        }
    };
    test(least, low, Op::Gte, "at least ");
    test(most, high, Op::Lte, "at most ");
    test(exact, size(exact), Op::Eq, "");
}
