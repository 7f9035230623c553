//! Every recorded call of the Kitex vectors through generated code, both ways: the same bytes come
//! out, or one of the rules below says why others do.

use super::binary::Message;
use super::canonical::canonical;
use super::relay::Between;
use super::vectors::Case;
use runtime::thrift::exception;

/// A nil struct pointer of Go travels as a struct without fields. We read it as a struct whose
/// fields are absent, so their defaults are written when it goes on; Kitex's own server answers
/// so too. What must come out is the value of its recorded answer.
const NIL_STRUCTS: &[&str] =
    &["defaults_go_zero_struct", "needs_zero", "nil_argument", "list_with_nil_struct", "add_nil_request"];

/// A reply without field 0. Kitex's client takes it for a nil struct, or for success when headers
/// that say otherwise are missing; ours has no value to give and says so.
const WITHOUT_RESULT: &[&str] = &[
    "handler_returns_nil_struct",
    "risky_biz",
    "risky_biz_extra",
    "risky_biz_extra_escapes",
    "risky_biz_zero",
    "risky_biz_negative",
    "risky_biz_utf8",
    "risky_biz_empty_msg",
    "risky_biz_wrapped",
    "risky_biz_and_value",
];

/// Text that is not UTF-8 is refused: a `string` is a Rust `String`.
const REFUSED: &[&str] = &["string_not_utf8"];

/// A union without a member in a field that is not required: read as absent, not written again.
/// (Kitex's own server reads it, then cannot write it.)
const EMPTY_UNION: &[&str] = &["holder_nil_union"];

/// Kitex's client sent nothing: its own writer refuses these values.
const NOT_SENT: &[&str] = &["union_none", "union_two"];

fn is(case: &Case, names: &[&str]) -> bool {
    names.contains(&case.name.as_str())
}

/// The body that must come out behind the relay.
fn expected_request(case: &Case, request: &Message) -> Vec<u8> {
    if is(case, EMPTY_UNION) {
        // Argument 1 is a `Holder` that holds only field 3, an empty list.
        return b"\x0c\0\x01\x0f\0\x03\x0c\0\0\0\0\0\0".to_vec();
    }
    if case.name == "add_nil_request" {
        // Argument 1 is an `AddRequest` of two zeros.
        return b"\x0c\0\x01\x08\0\x01\0\0\0\0\x08\0\x02\0\0\0\0\0\0".to_vec();
    }
    if is(case, NIL_STRUCTS) {
        let mut echoed = Message::read(&case.response).body;
        // Field 0 of the result is argument 1 of the call.
        echoed[2] = 1;
        return echoed;
    }
    request.body.clone()
}

fn check_request(case: &Case, request: &Message, passed: Option<Message>) {
    if is(case, REFUSED) {
        assert_eq!(passed, None, "{}: refused before it reaches the handler", case.name);
        return;
    }
    let passed = passed.unwrap_or_else(|| panic!("{}: nothing was passed on", case.name));
    assert_eq!(passed.kind, request.kind, "{}", case.name);
    assert_eq!(passed.name, case.method, "{}", case.name);
    let expected = canonical(&expected_request(case, request));
    assert_eq!(hex(&canonical(&passed.body)), hex(&expected), "{}: request", case.name);
}

fn check_answer(case: &Case, request: &Message, answer: Option<Message>) {
    if request.kind == 4 {
        assert_eq!(answer, None, "{}", case.name);
        return;
    }
    let answer = answer.unwrap_or_else(|| panic!("{}: no answer", case.name));
    assert_eq!((&answer.name, answer.seq), (&request.name, request.seq), "{}", case.name);
    let error = (answer.kind == 3).then(|| exception::decode(&answer.body.clone().into(), Default::default()));
    let text = error.as_ref().map(|error| error.message());
    if is(case, REFUSED) {
        assert!(text.unwrap().starts_with("text is not UTF-8 at byte"), "{}: {text:?}", case.name);
    } else if is(case, WITHOUT_RESULT) {
        assert_eq!(text, Some("missing result"), "{}", case.name);
    } else if is(case, EMPTY_UNION) {
        // The recorded server closed; the relay says that there was no answer.
        assert!(text.is_some(), "{}", case.name);
    } else if let Some(expected) = case.exception() {
        // The relay is a server of its own: the text is handed on, the type is ours.
        assert_eq!(text, Some(expected), "{}", case.name);
    } else {
        assert_eq!(text, None, "{}", case.name);
        let expected = canonical(&Message::read(&case.response).body);
        assert_eq!(hex(&canonical(&answer.body)), hex(&expected), "{}: answer", case.name);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn every_recorded_call_comes_out_as_it_went_in() {
    let mut between = Between::start().await;
    let cases = super::vectors::framed_cases();
    for names in [NIL_STRUCTS, WITHOUT_RESULT, REFUSED, EMPTY_UNION, NOT_SENT] {
        for name in names {
            assert!(cases.iter().any(|case| case.name == *name), "no case is named {name}");
        }
    }
    for case in &cases {
        assert_eq!(case.request.is_empty(), is(case, NOT_SENT), "{}", case.name);
        if case.request.is_empty() {
            continue;
        }
        let request = Message::read(&case.request);
        let response = (!case.response.is_empty()).then(|| Message::read(&case.response));
        let (passed, answer) = between.pass(&request, response).await;
        check_request(case, &request, passed);
        check_answer(case, &request, answer);
    }
}
