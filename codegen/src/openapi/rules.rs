//! Validation rules as keywords of JSON Schema. What has no keyword, and what a rule says of zeros that pass, is left out: a
//! schema may be looser than the checks, never stricter.

use super::json::{Json, object, text};
use super::shape::{Keywords, Kind as Type, Shape, Shapes, component_name};
use crate::ir::rules::{Cond, FieldRules, Kind, List, Measure, Node, Number, Op, Part};

impl Shapes<'_> {
    /// Adds the rules of all messages to their schemas.
    pub(super) fn limit(&mut self) {
        for (id, rules) in &self.model.rules {
            let component = self.components.get_mut(&component_name(self.model, *id));
            let Some(Type::Object(fields) | Type::Union(fields)) = component.map(|it| &mut it.kind) else { continue };
            for rules in &rules.fields {
                let Some(field) = fields.iter_mut().find(|it| it.name == rules.name) else { continue };
                field.required |= rules.required;
                if !lets_zero_pass(rules) {
                    let shape = std::mem::replace(&mut field.shape, Shape::Named(String::new()));
                    field.shape = limited(shape, &rules.node);
                }
            }
        }
    }
}

fn lets_zero_pass(rules: &FieldRules) -> bool {
    rules.unless_zero || rules.node.unless_zero
}

/// A shape with the rules of a value of it.
fn limited(shape: Shape, node: &Node) -> Shape {
    let mut collector = Found { node, keywords: Vec::new(), number: false };
    match (shape, &node.kind) {
        (Shape::Plain(Json::Object(mut schema)), _) => {
            let of_type = schema.iter().find(|(name, _)| name == "type").map(|(_, value)| value);
            collector.number = of_type == Some(&text("integer")) || of_type == Some(&text("number"));
            node.tests.iter().for_each(|test| collector.condition(&test.holds));
            let (alone, more) = collector.keywords.into_iter().partition::<Vec<_>, _>(|(name, _)| {
                // What is there already stays: both hold.
                !schema.iter().any(|(own, _)| own == name)
            });
            add(&mut schema, alone);
            let more: Vec<Json> = more.into_iter().map(|pair| Json::Object(vec![pair])).collect();
            if !more.is_empty() {
                schema.push(("allOf".to_owned(), Json::List(more)));
            }
            Shape::Plain(Json::Object(schema))
        }
        (Shape::List(item, mut own), Kind::List(inner) | Kind::Set(inner)) => {
            node.tests.iter().for_each(|test| collector.condition(&test.holds));
            add(&mut own, collector.keywords);
            let item = if inner.unless_zero { item } else { Box::new(limited(*item, inner)) };
            Shape::List(item, own)
        }
        (Shape::Map(value, mut own), Kind::Map(_, inner)) => {
            node.tests.iter().for_each(|test| collector.condition(&test.holds));
            add(&mut own, collector.keywords);
            let value = if inner.unless_zero { value } else { Box::new(limited(*value, inner)) };
            Shape::Map(value, own)
        }
        (shape, _) => shape,
    }
}

/// Adds keywords that are not there; a second one of its name goes into a schema of its own.
fn add(schema: &mut Keywords, keywords: Keywords) {
    let mut more = Vec::new();
    for (name, value) in keywords {
        match schema.iter().any(|(own, _)| *own == name) {
            true => more.push(Json::Object(vec![(name, value)])),
            false => schema.push((name, value)),
        }
    }
    if !more.is_empty() {
        schema.push(("allOf".to_owned(), Json::List(more)));
    }
}

/// The keywords of a value's tests.
struct Found<'a> {
    node: &'a Node,
    keywords: Keywords,
    /// Whether the value is a number in JSON: 64 bits of proto are a text.
    number: bool,
}

impl Found<'_> {
    fn put(&mut self, name: &str, value: Json) {
        self.keywords.push((name.to_owned(), value));
    }

    fn condition(&mut self, condition: &Cond) {
        match condition {
            Cond::All(parts) => parts.iter().for_each(|part| self.condition(part)),
            Cond::Compare(measure, op, number) => self.compare(*measure, *op, *number),
            Cond::In(list) => self.put_maybe("enum", self.members(list)),
            Cond::Not(inner) => {
                if let Cond::In(list) = &**inner
                    && let Some(members) = self.members(list)
                {
                    self.put("not", object([("enum", members)]));
                }
            }
            Cond::Text(part, value) => {
                let value_ = literal(value);
                match part {
                    Part::Whole => self.put("const", text(value)),
                    Part::Prefix => self.put("pattern", text(format!("^{value_}"))),
                    Part::Suffix => self.put("pattern", text(format!("{value_}$"))),
                    Part::Contains => self.put("pattern", text(value_)),
                }
            }
            Cond::Pattern(pattern) => self.put("pattern", text(pattern)),
            Cond::Form(form) => {
                let known = FORMATS.iter().find(|(own, _)| own == form);
                self.put_maybe("format", known.map(|(_, format)| text(*format)));
            }
            Cond::Unique => self.put("uniqueItems", Json::Bool(true)),
            Cond::IsTrue => self.put("const", Json::Bool(true)),
            // An empty text breaks a rule of its own.
            Cond::Any(parts) => {
                if let [Cond::Compare(Measure::Len, Op::Eq, Number::Int(0)), form @ Cond::Form(_)] = parts.as_slice() {
                    self.condition(form);
                }
            }
            Cond::Constant(_) | Cond::Bytes(..) | Cond::Finite => {}
        }
    }

    fn put_maybe(&mut self, name: &str, value: Option<Json>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn compare(&mut self, measure: Measure, op: Op, number: Number) {
        match measure {
            Measure::Value | Measure::AsDouble if self.number => {
                let (op, number) = whole(op, number);
                let Some(number) = json(number) else { return };
                match op {
                    Op::Eq => self.put("const", number),
                    Op::Ne => self.put("not", object([("const", number)])),
                    Op::Lt => self.put("exclusiveMaximum", number),
                    Op::Lte => self.put("maximum", number),
                    Op::Gt => self.put("exclusiveMinimum", number),
                    Op::Gte => self.put("minimum", number),
                }
            }
            Measure::Chars => self.size(["minLength", "maxLength"], op, number, true),
            Measure::Len => match self.node.kind {
                Kind::List(_) | Kind::Set(_) => self.size(["minItems", "maxItems"], op, number, true),
                Kind::Map(..) => self.size(["minProperties", "maxProperties"], op, number, true),
                // So many bytes are that many characters at the most.
                Kind::Text => self.size(["minLength", "maxLength"], op, number, false),
                _ => {}
            },
            Measure::Value | Measure::AsDouble | Measure::Nanos | Measure::NanosFromNow => {}
        }
    }

    /// A size within bounds; `least` where a lower one holds for what JSON Schema counts.
    fn size(&mut self, [min, max]: [&str; 2], op: Op, number: Number, least: bool) {
        let Number::Int(number) = number else { return };
        let (low, high) = match op {
            Op::Eq => (Some(number), Some(number)),
            Op::Ne => (Some(1).filter(|_| number == 0), None),
            Op::Lt => (None, Some(number - 1)),
            Op::Lte => (None, Some(number)),
            Op::Gt => (Some(number + 1), None),
            Op::Gte => (Some(number), None),
        };
        let bound = |it: Option<i128>| it.and_then(|it| i64::try_from(it).ok()).filter(|it| *it >= 0).map(Json::Int);
        self.put_maybe(min, bound(low.filter(|it| *it == 1 || least && *it > 0)));
        self.put_maybe(max, bound(high));
    }

    fn members(&self, list: &List) -> Option<Json> {
        match list {
            List::Numbers(Measure::Value | Measure::AsDouble, numbers) if self.number => {
                numbers.iter().map(|it| json(*it)).collect::<Option<_>>().map(Json::List)
            }
            List::Texts(texts) => Some(Json::List(texts.iter().map(text).collect())),
            _ => None,
        }
    }
}

/// The forms that JSON Schema has names for.
const FORMATS: [(&str, &str); 7] = [
    ("email", "email"),
    ("hostname", "hostname"),
    ("ipv4", "ipv4"),
    ("ipv6", "ipv6"),
    ("uri", "uri"),
    ("uri_reference", "uri-reference"),
    ("uuid", "uuid"),
];

/// Bounds of whole numbers that are in the range themselves, as readers of OpenAPI 3.0 know them too.
fn whole(op: Op, number: Number) -> (Op, Number) {
    match (op, number) {
        (Op::Lt, Number::Int(number)) => (Op::Lte, Number::Int(number.saturating_sub(1))),
        (Op::Gt, Number::Int(number)) => (Op::Gte, Number::Int(number.saturating_add(1))),
        other => other,
    }
}

fn json(number: Number) -> Option<Json> {
    match number {
        Number::Int(number) => i64::try_from(number).ok().map(Json::Int),
        Number::Double(number) => Some(Json::Double(number)).filter(|_| number.is_finite()),
        Number::Float(number) => Some(Json::Double(number.into())).filter(|_| number.is_finite()),
    }
}

/// A text as a pattern that fits it alone.
fn literal(value: &str) -> String {
    regex::escape(value)
}
