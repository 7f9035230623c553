//! Rules of numbers and enums.

use protox::prost_reflect::{DynamicMessage, Kind as Wire, Value};

use super::{equal, get, is_true, site::Site};
use crate::diag::catalogue::validation as say;
use crate::ir::bounds::{Bound, range, show};
use crate::ir::rules::{Cond, List, Measure, Node, Number};

/// The rules of a number, and of an enum, which is one.
pub(super) fn read(name: &str, rules: &DynamicMessage, node: &mut Node, wire: Option<&Wire>, site: &mut Site<'_, '_>) {
    comparisons(name, rules, node, Measure::Value, &show, site);
    if is_true(rules, "finite") {
        site.test(node, &format!("{name}.finite"), "must be finite".to_owned(), Cond::Finite);
    }
    if let (Some(Wire::Enum(of)), true) = (wire, is_true(rules, "defined_only")) {
        let numbers = of.values().map(|it| Number::Int(it.number().into())).collect();
        let holds = Cond::In(List::Numbers(Measure::Value, numbers));
        site.test(node, "enum.defined_only", "must be a value of the enum".to_owned(), holds);
    }
}

/// `const`, bounds and lists of what is a number, or is measured by one.
pub(super) fn comparisons(
    name: &str,
    rules: &DynamicMessage,
    node: &mut Node,
    what: Measure,
    show: &impl Fn(Number) -> String,
    site: &mut Site<'_, '_>,
) {
    let number = |field: &str| get(rules, field).and_then(|value| number(&value));
    let list = |field: &str| match get(rules, field).as_deref() {
        Some(Value::List(list)) => list.iter().filter_map(self::number).collect(),
        _ => Vec::new(),
    };
    if let Some(wanted) = number("const") {
        site.test(node, &format!("{name}.const"), format!("must equal {}", show(wanted)), equal(what, wanted));
    }
    let bound = |open: &str, closed: &str| {
        let closed = number(closed).map(|number| Bound { number, inclusive: true });
        number(open).map(|number| Bound { number, inclusive: false }).or(closed)
    };
    if let Some(range) = range(what, bound("gt", "gte"), bound("lt", "lte"), show) {
        let id = format!("{name}.{}", range.id);
        if range.never {
            let upper = if get(rules, "lt").is_some() { "lt" } else { "lte" };
            site.at(rules, upper).push(|at| say::never(&id, "the bounds leave nothing between them", at));
        }
        site.test(node, &id, range.text, range.holds);
    }
    let words = |list: &[Number]| list.iter().map(|it| show(*it)).collect::<Vec<_>>().join(", ");
    let (any_of, none_of): (Vec<Number>, Vec<Number>) = (list("in"), list("not_in"));
    if !any_of.is_empty() {
        let text = format!("must be one of {}", words(&any_of));
        site.test(node, &format!("{name}.in"), text, Cond::In(List::Numbers(what, any_of)));
    }
    if !none_of.is_empty() {
        let text = format!("must not be one of {}", words(&none_of));
        let holds = Cond::Not(Box::new(Cond::In(List::Numbers(what, none_of))));
        site.test(node, &format!("{name}.not_in"), text, holds);
    }
}

/// A number of options; of a duration or a timestamp its nanoseconds.
pub(super) fn number(value: &Value) -> Option<Number> {
    Some(match value {
        Value::I32(number) | Value::EnumNumber(number) => Number::Int((*number).into()),
        Value::I64(number) => Number::Int((*number).into()),
        Value::U32(number) => Number::Int((*number).into()),
        Value::U64(number) => Number::Int((*number).into()),
        Value::F32(number) => Number::Float(*number),
        Value::F64(number) => Number::Double(*number),
        Value::Message(time) => {
            let part = |name: &str| time.get_field_by_name(name).as_deref().and_then(number);
            let (Some(Number::Int(seconds)), Some(Number::Int(nanos))) = (part("seconds"), part("nanos")) else {
                return None;
            };
            Number::Int(seconds * 1_000_000_000 + nanos)
        }
        _ => return None,
    })
}
