//! `vt.*` and `api.vd`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use golden::generated::rules::{Address, Choice, Color, Corners, Expressions, Plain, Profile, Reference};
use runtime::thrift::Uuid;

use super::broken;

pub(super) fn good() -> Profile {
    let city = || Address { city: "x".into(), next: None };
    Profile {
        name: "äöü_".replace(['ä', 'ö', 'ü'], "a"),
        age: 16,
        ratios: vec![0.5, 1.0],
        places: HashMap::from([("a!".into(), city())]),
        color: Color::RED,
        home: Some(city()),
        level: -2,
        more: vec![],
        agreed: true,
        word: None,
        blob: "x".into(),
        tags: HashSet::new(),
        unchecked: Address::default(),
        choice: Some(Choice::Number(0)),
        lists: HashMap::from([(Color::BLUE, vec![3])]),
        plain: Plain::default(),
    }
}

#[test]
fn each_rule_of_vt_names_the_value_that_breaks_it() {
    type Case = (fn(&mut Profile), &'static [&'static str]);
    let cases: &[Case] = &[
        (|_| {}, &[]),
        (|it| it.name.clear(), &["name vt.min_size", "name vt.pattern"]),
        (|it| it.name = "abcde".into(), &["name vt.max_rune_size"]),
        // The classes of RE2 are ASCII.
        (|it| it.name = "ä".into(), &["name vt.pattern"]),
        (|it| it.age = 15, &["age vt.ge"]),
        (|it| it.age = 200, &["age vt.lt"]),
        (|it| it.ratios = vec![0.25, 1.5], &["ratios[0] vt.elem.gt", "ratios[1] vt.elem.le"]),
        (|it| it.ratios = vec![f64::NAN], &["ratios[0] vt.elem.gt", "ratios[0] vt.elem.le"]),
        (|it| it.ratios = vec![0.5; 4], &["ratios vt.max_size"]),
        (|it| it.places.clear(), &["places vt.min_size"]),
        (
            |it| it.places = HashMap::from([("a".into(), Address::default())]),
            &["places[\"a\"] vt.key.suffix", "places[\"a\"].city vt.min_size"],
        ),
        (|it| it.color = Color(7), &["color vt.defined_only"]),
        (|it| it.home = None, &["home required"]),
        (|it| it.home.as_mut().unwrap().next = Some(Box::default()), &["home.next.city vt.min_size"]),
        (|it| it.level = 2, &["level vt.in"]),
        (
            |it| it.more = vec![Address { city: "x".into(), next: None }, Address::default()],
            &["more[1].city vt.min_size"],
        ),
        (|it| it.agreed = false, &["agreed vt.const"]),
        (|it| it.word = Some("b".into()), &[]),
        (|it| it.word = Some("c".into()), &["word vt.in"]),
        (|it| it.blob = "y".into(), &["blob vt.contains", "blob vt.not_contains"]),
        (|it| it.tags = HashSet::from(["bad".into()]), &["tags[0] vt.elem.not_in"]),
        (|it| it.choice = Some(Choice::Name("x".into())), &["choice.name vt.prefix"]),
        (|it| it.choice = Some(Choice::Address(Address::default())), &["choice.address.city vt.min_size"]),
        (
            |it| it.lists = HashMap::from([(Color::RED, vec![3, 2])]),
            &["lists[1] vt.key.const", "lists[1][1] vt.value.elem.ge"],
        ),
    ];
    for (at, (change, expected)) in cases.iter().enumerate() {
        let mut profile = good();
        change(&mut profile);
        assert_eq!(broken(&profile), *expected, "case {at}");
    }
}

fn expressions() -> Expressions {
    Expressions {
        name: "abc".into(),
        age: 107,
        no: false,
        adult: None,
        needed: Some(18),
        kind: "a".into(),
        ids: vec![1],
        share: -1.0,
        small: 127,
        letters: "äö".into(),
        text: None,
        color: Color::BLUE,
        any: "x".into(),
        plain: Plain::default(),
        gone: None,
    }
}

#[test]
fn expressions_of_vd_mean_what_they_mean_in_go() {
    type Case = (fn(&mut Expressions), &'static [&'static str]);
    let cases: &[Case] = &[
        (|_| {}, &[]),
        (|it| it.name = "a".into(), &["name"]),
        (|it| it.name = "a-b".into(), &["name"]),
        (|it| it.age = -1, &[]),
        (|it| it.age = 100, &[]),
        (|it| it.age = 0, &["age"]),
        (|it| it.age = 99, &["age"]),
        (|it| it.no = true, &["no"]),
        (|it| it.adult = Some(18), &[]),
        (|it| it.adult = Some(17), &["adult"]),
        // With `nil` nothing has an order.
        (|it| it.needed = None, &["needed"]),
        (|it| it.needed = Some(17), &["needed"]),
        (|it| it.kind = "b".into(), &[]),
        (|it| it.kind = "c".into(), &["kind"]),
        (|it| it.ids.clear(), &["ids"]),
        (|it| it.ids = vec![1, 2], &[]),
        (|it| it.ids = vec![1, 2, 3], &["ids"]),
        (|it| it.share = 0.6, &[]),
        (|it| it.share = 0.75, &["share"]),
        (|it| it.share = f64::NAN, &["share"]),
        (|it| it.letters = "ä".into(), &["letters"]),
        (|it| it.text = Some("x".into()), &["text"]),
        (|it| it.text = Some("y".into()), &[]),
        (|it| it.color = Color(3), &["color"]),
        (|it| it.any.clear(), &["any"]),
        (|it| it.gone = Some(0), &["gone"]),
    ];
    for (at, (change, expected)) in cases.iter().enumerate() {
        let mut expressions = expressions();
        change(&mut expressions);
        let expected: Vec<String> = expected.iter().map(|field| format!("{field} api.vd")).collect();
        assert_eq!(broken(&expressions), expected, "case {at}");
    }
}

#[test]
fn a_message_of_vd_is_its_own() {
    let found = runtime::validate::violations(&Expressions { name: String::new(), age: 1, ..expressions() });
    assert_eq!(found[0].message, "two characters of a word");
    assert_eq!(found[1].message, "must fulfil `$<0||$>=100`");
}

fn corners() -> Corners {
    Corners {
        boxed: Box::new(1),
        maybe: Some(Box::new(1)),
        doubles: BTreeSet::new(),
        by_double: BTreeMap::new(),
        by_bytes: HashMap::new(),
        by_list: HashMap::new(),
        by_uuid: HashMap::new(),
        by_bool: HashMap::new(),
        by_struct: HashMap::new(),
        deep: Vec::new(),
        r#type: "quote \" and \\ and é".into(),
        reference: None,
        colors: HashSet::new(),
        raw: "a".into(),
        out: Address { city: "x".into(), next: None },
        it: String::new(),
    }
}

#[test]
fn keys_elements_and_references_are_tested_too() {
    type Case = (fn(&mut Corners), &'static [&'static str]);
    let cases: &[Case] = &[
        (|_| {}, &[]),
        (|it| *it.boxed = 0, &["boxed vt.gt"]),
        (|it| it.maybe = Some(Box::new(0)), &["maybe vt.gt"]),
        (|it| it.maybe = None, &["maybe required"]),
        (|it| it.doubles = BTreeSet::from([1.0.into(), 2.0.into()]), &["doubles[0] vt.elem.gt"]),
        (
            |it| it.by_double = BTreeMap::from([(5.0.into(), String::new())]),
            &["by_double[0] vt.key.lt", "by_double[0] vt.value.min_size"],
        ),
        (
            |it| it.by_bytes = HashMap::from([("\u{ff}".into(), Address::default())]),
            &[r#"by_bytes["\xc3\xbf"].city vt.min_size"#],
        ),
        (
            |it| it.by_list = HashMap::from([(vec![1, 2, 3], Address::default())]),
            &["by_list[0] vt.key.max_size", "by_list[0].city vt.min_size"],
        ),
        (|it| it.by_uuid = HashMap::from([(Uuid::default(), 0)]), &["by_uuid[0] vt.value.ge"]),
        (|it| it.by_bool = HashMap::from([(false, String::new())]), &["by_bool[false] vt.key.const"]),
        (|it| it.by_struct = HashMap::from([(Plain::default(), 3)]), &["by_struct[0] vt.value.lt"]),
        (
            |it| it.deep = vec![HashMap::from([("k".into(), vec![Address::default()])])],
            &["deep[0][\"k\"][0].city vt.min_size"],
        ),
        (|it| it.r#type.clear(), &["type vt.const"]),
        (|it| it.reference = Some(Box::new(Reference::Number(Box::new(1)))), &["reference.number vt.gt"]),
        (
            |it| {
                let inner = Corners { boxed: Box::new(0), ..corners() };
                it.reference = Some(Box::new(Reference::Corners(Box::new(inner))));
            },
            &["reference.corners.boxed vt.gt"],
        ),
        (|it| it.colors = HashSet::from([Color(9)]), &["colors[0] vt.elem.defined_only"]),
        (|it| it.raw = "b".into(), &["raw vt.prefix", "raw vt.pattern"]),
        (|it| it.out.city.clear(), &["out.city vt.min_size"]),
        (|it| it.it = "b".into(), &["it vt.not_in"]),
    ];
    for (at, (change, expected)) in cases.iter().enumerate() {
        let mut corners = corners();
        change(&mut corners);
        assert_eq!(broken(&corners), *expected, "case {at}");
    }
}
