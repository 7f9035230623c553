//! A message of every shape, as generated code describes it.

use std::collections::HashMap;

use kiteline_json::{AnyType, EnumNames, Failure, Fields, Message, Object, Read, Reader, Style, Types};
use kiteline_json::{from_slice, to_vec};

pub(crate) const KINDS: &EnumNames = &[("KIND_NONE", 0), ("KIND_A", 1), ("KIND_ALIAS", 1), ("KIND_B", -2)];

pub(crate) static TYPES: Types =
    Types::new(&[AnyType::new::<Named>("test.Named"), AnyType::new::<Holder>("test.Other")]);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    Text(String),
    Kind(i32),
    Tree(Box<Sample>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) int32: i32,
    pub(crate) big_number: i64,
    pub(crate) unsigned: u64,
    pub(crate) small: u32,
    pub(crate) ratio: f64,
    pub(crate) short: f32,
    pub(crate) yes: bool,
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) maybe: Option<i32>,
    pub(crate) numbers: Vec<i32>,
    pub(crate) kind: i32,
    pub(crate) kinds: Vec<i32>,
    pub(crate) by_kind: HashMap<String, i32>,
    pub(crate) by_number: HashMap<i64, String>,
    pub(crate) by_bool: HashMap<bool, u32>,
    pub(crate) inner: Option<Box<Sample>>,
    pub(crate) more: Vec<Sample>,
    pub(crate) choice: Option<Choice>,
    pub(crate) value: Option<prost_types::Value>,
    pub(crate) any: Option<prost_types::Any>,
    pub(crate) time: Option<prost_types::Timestamp>,
}

impl Message for Sample {
    fn fields(&self) -> &'static Fields {
        static FIELDS: Fields = Fields::new(&[
            "int32",
            "bigNumber",
            "unsigned",
            "small",
            "ratio",
            "short",
            "yes",
            "text",
            "bytes",
            "maybe",
            "numbers",
            "kind",
            "kinds",
            "byKind",
            "byNumber",
            "byBool",
            "inner",
            "more",
            "chosenText",
            "chosenKind",
            "chosenTree",
            "value",
            "any",
            "time",
        ])
        .or(&[("big_number", 1), ("by_kind", 13), ("chosen_text", 18), ("chosen_tree", 20)])
        .nulls(&[21])
        .types(&TYPES);
        &FIELDS
    }

    fn write(&self, out: &mut Object<'_>) {
        out.plain(0, &self.int32);
        out.plain(1, &self.big_number);
        out.plain(2, &self.unsigned);
        out.plain(3, &self.small);
        out.plain(4, &self.ratio);
        out.plain(5, &self.short);
        out.plain(6, &self.yes);
        out.plain(7, &self.text);
        out.plain(8, &self.bytes);
        out.optional(9, self.maybe.as_ref());
        out.plain(10, &self.numbers);
        out.plain_number(11, self.kind, KINDS);
        out.numbers(12, &self.kinds, KINDS);
        out.number_map(13, self.by_kind.iter(), KINDS);
        out.plain(14, &self.by_number);
        out.plain(15, &self.by_bool);
        out.optional(16, self.inner.as_deref());
        out.plain(17, &self.more);
        match &self.choice {
            Some(Choice::Text(text)) => out.field(18, text),
            Some(Choice::Kind(kind)) => out.number(19, *kind, KINDS),
            Some(Choice::Tree(tree)) => out.field(20, &**tree),
            None => {}
        }
        out.optional(21, self.value.as_ref());
        out.optional(22, self.any.as_ref());
        out.optional(23, self.time.as_ref());
    }

    fn read(&mut self, field: usize, input: &mut Reader<'_>) -> Read {
        match field {
            0 => input.value(&mut self.int32),
            1 => input.value(&mut self.big_number),
            2 => input.value(&mut self.unsigned),
            3 => input.value(&mut self.small),
            4 => input.value(&mut self.ratio),
            5 => input.value(&mut self.short),
            6 => input.value(&mut self.yes),
            7 => input.value(&mut self.text),
            8 => input.value(&mut self.bytes),
            9 => input.optional(&mut self.maybe),
            10 => input.value(&mut self.numbers),
            11 => input.number(&mut self.kind, KINDS),
            12 => input.numbers(&mut self.kinds, KINDS),
            13 => input.number_map(&mut self.by_kind, KINDS),
            14 => input.value(&mut self.by_number),
            15 => input.value(&mut self.by_bool),
            16 => input.boxed(&mut self.inner),
            17 => input.value(&mut self.more),
            18 => input.member(&mut self.choice, Choice::Text),
            19 => input.number_member(&mut self.choice, Choice::Kind, KINDS),
            20 => input.message_member(
                &mut self.choice,
                || Choice::Tree(Box::default()),
                |member| match member {
                    Choice::Tree(value) => Some(&mut **value),
                    _ => None,
                },
            ),
            21 => input.optional(&mut self.value),
            22 => input.optional(&mut self.any),
            23 => input.optional(&mut self.time),
            _ => input.skip(),
        }
    }
}

/// A message that an `Any` may hold.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Named {
    #[prost(string, tag = "1")]
    pub(crate) full_name: String,
}

impl Message for Named {
    fn fields(&self) -> &'static Fields {
        static FIELDS: Fields = Fields::new(&["fullName"]).required(&[0]);
        &FIELDS
    }

    fn write(&self, out: &mut Object<'_>) {
        out.plain(0, &self.full_name);
    }

    fn read(&mut self, field: usize, input: &mut Reader<'_>) -> Read {
        match field {
            0 => input.value(&mut self.full_name),
            _ => input.skip(),
        }
    }
}

/// A message that holds an `Any`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Holder {
    #[prost(message, optional, tag = "1")]
    pub(crate) any: Option<prost_types::Any>,
}

impl Message for Holder {
    fn fields(&self) -> &'static Fields {
        static FIELDS: Fields = Fields::new(&["any"]).types(&TYPES);
        &FIELDS
    }

    fn write(&self, out: &mut Object<'_>) {
        out.optional(0, self.any.as_ref());
    }

    fn read(&mut self, field: usize, input: &mut Reader<'_>) -> Read {
        match field {
            0 => input.optional(&mut self.any),
            _ => input.skip(),
        }
    }
}

pub(crate) fn read(json: impl AsRef<[u8]>) -> Result<Sample, Failure> {
    from_slice(json.as_ref(), Style::Proto, Default::default())
}

/// Reads and writes.
pub(crate) fn through(json: &str) -> Result<String, String> {
    let sample = read(json).map_err(|failure| failure.to_string())?;
    let json = to_vec(&sample, Style::Proto).map_err(|unwritten| unwritten.to_string())?;
    Ok(String::from_utf8(json).unwrap())
}
