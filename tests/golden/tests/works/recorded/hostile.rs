//! Damaged bytes in front of generated code: a typed error each, never a panic.

use super::binary::Message;
use super::inside::Inside;
use super::xorshift::Xorshift;
use runtime::Code;
use runtime::error::Origin;
use runtime::thrift::{Header, HeaderError, compact, exception};

/// The calls that have arguments and an answer: method, both bodies.
fn calls() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let cases = super::vectors::framed_cases();
    let whole = cases.iter().filter(|it| !it.request.is_empty() && !it.response.is_empty());
    let parts = whole.map(|it| (it.method.clone(), Message::read(&it.request), Message::read(&it.response)));
    parts.filter(|(_, _, answer)| answer.kind == 2).map(|(name, ask, answer)| (name, ask.body, answer.body)).collect()
}

#[tokio::test]
async fn a_cut_request_is_the_callers_fault() {
    let inside = Inside::new();
    for (method, request, answer) in calls() {
        for end in 0..request.len() {
            let error = inside.call(&method, &request[..end], &answer).await.unwrap_err();
            assert_eq!((error.code(), error.origin()), (Code::InvalidArgument, Origin::Decode), "{method} {end}");
        }
    }
}

#[tokio::test]
async fn a_cut_answer_is_a_decoding_error() {
    let inside = Inside::new();
    for (method, request, answer) in calls().into_iter().filter(|it| it.0 != "RetString") {
        for end in 0..answer.len() {
            let error = inside.call(&method, &request, &answer[..end]).await.unwrap_err();
            assert_eq!((error.code(), error.origin()), (Code::Internal, Origin::Decode), "{method} {end}");
        }
    }
}

#[tokio::test]
async fn ten_thousand_damaged_calls_end_in_an_outcome() {
    let (inside, calls, mut random) = (Inside::new(), calls(), Xorshift::new(0x6b69_7465));
    let mut errors = 0;
    for _ in 0..10_000 {
        let (method, request, answer) = &calls[random.below(calls.len())];
        let (mut request, mut answer) = (request.clone(), answer.clone());
        let damaged = if random.below(2) == 0 { &mut request } else { &mut answer };
        for _ in 0..=random.below(3) {
            damage(damaged, &mut random);
        }
        match inside.call(method, &request, &answer).await {
            Ok(_) => {}
            Err(error) => {
                assert!(!error.message().is_empty());
                assert_eq!(error.origin(), Origin::Decode, "{method}: {error:?}");
                errors += 1;
            }
        }
    }
    assert!(errors > 1_000, "the damage is felt: {errors}");
}

#[tokio::test]
async fn ten_thousand_damaged_calls_in_compact_end_in_an_outcome() {
    let (inside, calls, mut random) = (Inside::new(), calls(), Xorshift::new(0x636f_6d70));
    let (mut early, mut late) = (0, 0);
    for _ in 0..10_000 {
        let (method, request, answer) = &calls[random.below(calls.len())];
        let mut bytes = compact::from_binary(&request.clone().into()).unwrap().to_vec();
        for _ in 0..=random.below(3) {
            damage(&mut bytes, &mut random);
        }
        match compact::to_binary(&bytes, Default::default()) {
            Err(error) => {
                assert!(error.offset() <= bytes.len(), "{error}");
                early += 1;
            }
            Ok(body) => {
                if let Err(error) = inside.call(method, &body, answer).await {
                    assert_eq!(error.origin(), Origin::Decode, "{method}: {error:?}");
                    late += 1;
                }
            }
        }
    }
    assert!(early > 1_000 && late > 10, "the damage is felt: {early}, {late}");
}

/// Changes, removes, adds or repeats some bytes.
fn damage(bytes: &mut Vec<u8>, random: &mut Xorshift) {
    let at = random.below(bytes.len() + 1);
    match random.below(5) {
        0 => bytes.insert(at, random.next().to_be_bytes()[0]),
        1 if at < bytes.len() => drop(bytes.remove(at)),
        2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        3 => bytes.extend_from_within(at..),
        _ if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
        _ => {}
    }
}

#[test]
fn a_cut_header_and_a_cut_exception_are_typed() {
    for case in super::vectors::framed_cases().iter().filter(|it| !it.response.is_empty()) {
        let (header, taken) = Header::read(&case.response).unwrap();
        assert_eq!(header.name, case.method);
        for end in 0..taken {
            assert_eq!(Header::read(&case.response[..end]), Err(HeaderError::Truncated), "{} {end}", case.name);
        }
        for end in taken..case.response.len() {
            let cut = case.response[taken..end].to_vec().into();
            assert_eq!(exception::decode(&cut, Default::default()).origin(), Origin::Decode, "{} {end}", case.name);
        }
    }
}
