//! `vt.*` and `api.vd`.

use std::collections::{HashMap, HashSet};

use golden::generated::rules::{Address, Choice, Color, Expressions, Plain, Profile};

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
