//! Random messages through both libraries.

use super::canonical::canonical;
use super::kinds::{Kind, kinds};
use super::python::Python;
use super::random::Random;
use super::xorshift::Xorshift;

/// Messages; `KITELINE_STRUCTS` sets another number.
const MESSAGES: usize = 2_000;

fn count() -> usize {
    std::env::var("KITELINE_STRUCTS").map_or(MESSAGES, |number| number.parse().unwrap())
}

/// One message in every way: ours, Python's, in bytes and in JSON.
fn exchange<'a>(random: &mut Random<'a>, python: &mut Python, kind: &'a Kind) {
    let mut given = Vec::new();
    (random.schema, random.closed) = (&kind.schema, false);
    random.message(kind.name, 0, &mut given);
    let ours = (kind.through)(&given);
    let meaning = |bytes: &[u8]| canonical(&kind.schema, kind.name, &(kind.through)(bytes));
    let json = if random.closed { Vec::new() } else { (kind.to_json)(&ours) };
    let wanted = meaning(&ours);
    let words = random.one_of(kind.words);
    let said = python.ask([&kind.name.as_bytes()[1..], &given, &ours, &json, words.as_bytes()]);
    let shown = || format!("{} {given:02x?}\nours {}", kind.name, String::from_utf8_lossy(&json));
    assert_eq!(said.wrong, "", "{}", shown());
    assert_eq!(meaning(&said.bytes), wanted, "{}", shown());
    if !json.is_empty() {
        let theirs = String::from_utf8_lossy(&said.json);
        let read = (kind.of_json)(&said.json).unwrap_or_else(|error| panic!("{error}: {}\ntheirs {theirs}", shown()));
        assert_eq!(meaning(&read), wanted, "{}\ntheirs {theirs}", shown());
    }
}

#[test]
fn messages_mean_the_same_to_both_libraries() {
    let kinds = kinds();
    let descriptors = [kinds[0].descriptors, kinds[1].descriptors].concat();
    let Some(mut python) = Python::with_protobuf(&descriptors) else { return };
    let numbers = Xorshift::new(0x6b69_7465_6c69_6e65);
    let mut random = Random { schema: &kinds[0].schema, numbers, closed: false };
    for _ in 0..count() {
        let kind = random.one_of(&[0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7]);
        exchange(&mut random, &mut python, &kinds[kind]);
    }
}
