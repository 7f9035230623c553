//! `google.rpc.BadRequest` (`google/rpc/error_details.proto`): the violations as a detail of an error.

use kiteline_core::error::Detail;

use crate::violations::Violation;

/// Its full name.
const NAME: &str = "google.rpc.BadRequest";

/// Tags of the fields: each holds bytes (wire type 2).
const VIOLATION: u8 = 1 << 3 | 2;
const FIELD: u8 = 1 << 3 | 2;
const DESCRIPTION: u8 = 2 << 3 | 2;
const RULE: u8 = 3 << 3 | 2;

/// Bytes of the message, which travels in a header: what is longer would not arrive at all.
const MOST: usize = 2 << 10;

/// The message, encoded by hand: crates that speak Thrift alone have no prost. It has as many violations as fit.
pub(crate) fn detail(violations: &[Violation]) -> Detail {
    let mut value = Vec::new();
    for violation in violations {
        let mut encoded = Vec::new();
        put(&mut encoded, FIELD, violation.field.as_bytes());
        put(&mut encoded, DESCRIPTION, violation.message.as_bytes());
        put(&mut encoded, RULE, violation.rule.as_bytes());
        if value.len() + encoded.len() > MOST {
            break;
        }
        put(&mut value, VIOLATION, &encoded);
    }
    Detail { type_name: NAME.to_owned(), value: value.into() }
}

fn put(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    out.push(tag);
    let mut rest = bytes.len();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    out.extend_from_slice(bytes);
}

/// `google.rpc.BadRequest`, to read it: `error.detail::<BadRequest>()`.
#[cfg(feature = "grpc")]
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct BadRequest {
    /// The violations.
    #[prost(message, repeated, tag = "1")]
    pub field_violations: Vec<FieldViolation>,
}

#[cfg(feature = "grpc")]
impl prost::Name for BadRequest {
    const NAME: &'static str = "BadRequest";
    const PACKAGE: &'static str = "google.rpc";
}

/// `google.rpc.BadRequest.FieldViolation`.
#[cfg(feature = "grpc")]
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FieldViolation {
    /// The path of the field.
    #[prost(string, tag = "1")]
    pub field: String,
    /// What the rule asks for, in words.
    #[prost(string, tag = "2")]
    pub description: String,
    /// The rule's id.
    #[prost(string, tag = "3")]
    pub reason: String,
}

#[cfg(all(test, feature = "grpc"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_prost_reads() {
        let long = "must be ".repeat(40);
        let violations = [
            Violation { field: "a[1]".to_owned(), rule: "string.email", message: "must be an email address" },
            Violation {
                field: String::new(),
                rule: "message.oneof",
                message: Box::leak(long.clone().into_boxed_str()),
            },
        ];
        let read = <BadRequest as prost::Message>::decode(detail(&violations).value).unwrap();
        let field_violation = |field: &str, description: &str, reason: &str| FieldViolation {
            field: field.to_owned(),
            description: description.to_owned(),
            reason: reason.to_owned(),
        };
        let expected = [
            field_violation("a[1]", "must be an email address", "string.email"),
            field_violation("", &long, "message.oneof"),
        ];
        assert_eq!(read.field_violations, expected);
        assert_eq!(<BadRequest as prost::Name>::full_name(), NAME);
    }

    #[test]
    fn as_many_are_written_as_headers_hold() {
        let violation = Violation { field: "x".repeat(100), rule: "required", message: "is required" };
        let read = <BadRequest as prost::Message>::decode(detail(&vec![violation; 100]).value).unwrap();
        assert_eq!(read.field_violations.len(), 16);
    }
}
