//! Required fields: which one is missing is said, however deep and in whichever order the others come.

use golden::generated::shapes::{Far, Needing, Needs};
use runtime::thrift::{DecodeError, Type, Value, from_bytes, to_bytes};
use runtime::{Bytes, Code};

/// The header of a field.
fn header(kind: Type, id: i16) -> Vec<u8> {
    [&[kind as u8], &id.to_be_bytes()[..]].concat()
}

fn number(id: i16) -> Vec<u8> {
    [header(Type::I32, id), vec![0, 0, 0, 9]].concat()
}

fn text(id: i16) -> Vec<u8> {
    [header(Type::String, id), vec![0, 0, 0, 1, b'a']].concat()
}

fn numbers(id: i16) -> Vec<u8> {
    [header(Type::List, id), vec![8, 0, 0, 0, 0]].concat()
}

fn decode<T: Value>(fields: &[Vec<u8>]) -> Result<T, DecodeError> {
    from_bytes(Bytes::from([fields.concat(), vec![0]].concat()), Default::default())
}

fn error<T: Value>(fields: &[Vec<u8>]) -> String {
    decode::<T>(fields).map(|_| ()).unwrap_err().into_error(Code::Internal).message().to_owned()
}

fn needs() -> Needs {
    Needs { text: "a".to_owned(), number: 9, maybe: None, plain: 0, last: Vec::new() }
}

#[test]
fn what_is_complete_is_read_in_any_order() {
    assert_eq!(decode(&[text(2), number(1), numbers(63)]), Ok(needs()));
    let with_more = Needs { maybe: Some(9), plain: 9, ..needs() };
    assert_eq!(decode(&[numbers(63), number(4), number(1), text(2), number(3), number(1), text(99)]), Ok(with_more));
    let needing = Needing { before: 1, needs: needs(), more: vec![needs(), needs()], after: 2 };
    assert_eq!(from_bytes(to_bytes(&needing).unwrap(), Default::default()), Ok(needing));
    assert_eq!(decode(&[text(0), number(64)]), Ok(Far { number: 9, text: "a".to_owned() }));
}

#[test]
fn the_first_one_that_is_missing_is_named() {
    assert_eq!(error::<Needs>(&[]), "required field Needs.text is missing at byte 1");
    assert_eq!(error::<Needs>(&[text(2)]), "required field Needs.number is missing at byte 9");
    assert_eq!(error::<Needs>(&[number(1), text(2)]), "required field Needs.last is missing at byte 16");
    // One of another type is as good as none.
    assert_eq!(error::<Needs>(&[number(2), number(1), numbers(63)]), "required field Needs.text is missing at byte 23");
    assert_eq!(error::<Far>(&[]), "required field Far.number is missing at byte 1");
    assert_eq!(error::<Far>(&[number(64)]), "required field Far.text is missing at byte 8");
}

#[test]
fn what_came_inside_does_not_count_outside() {
    let whole = [text(2), number(1), numbers(63), vec![0]].concat();
    let needs = [header(Type::Struct, 2), whole.clone()].concat();
    let more = [header(Type::List, 3), vec![12, 0, 0, 0, 2], whole.clone(), whole].concat();
    let before = |fields: &[&[u8]]| error::<Needing>(&[fields.concat()]);
    assert_eq!(before(&[&needs, &more]), "required field Needing.before is missing at byte 84");
    assert_eq!(before(&[&more, &number(1), &needs]), "required field Needing.after is missing at byte 91");
    let torn = [header(Type::List, 3), vec![12, 0, 0, 0, 1], number(1), vec![0]].concat();
    let all = [&number(1)[..], &number(4), &needs, &torn].map(<[u8]>::to_vec);
    assert_eq!(error::<Needing>(&all), "required field Needs.text is missing at byte 57, field path more[0]");
}
