//! What is written.

use std::collections::BTreeMap;

use kiteline_json::{Style, from_slice, to_vec};

use crate::sample::Sample;

fn written<T: kiteline_json::Value>(value: &T, style: Style) -> String {
    String::from_utf8(to_vec(value, style).unwrap()).unwrap()
}

#[test]
fn thrift_has_plain_numbers() {
    let sample = Sample { big_number: i64::MIN, unsigned: 1, kind: 1, ..Sample::default() };
    assert_eq!(written(&sample, Style::Thrift), r#"{"bigNumber":-9223372036854775808,"unsigned":1,"kind":1}"#);
}

#[test]
fn names_of_pairs_are_texts() {
    let map = BTreeMap::from([(1.5_f64.to_bits(), 1)]);
    assert_eq!(written(&map, Style::Proto), r#"{"4609434218613702656":1}"#);
    let lists = BTreeMap::from([(vec!["a\"".to_owned()], true)]);
    assert_eq!(written(&lists, Style::Thrift), r#"{"[\"a\\\"\"]":true}"#);
}

#[test]
fn every_double_is_read_as_it_was_written() {
    let mut bits = 0x6b69_7465_6c69_6e65_u64;
    for _ in 0..20_000 {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (double, float) = (f64::from_bits(bits), f32::from_bits((bits >> 32) as u32));
        let again: f64 = from_slice(&to_vec(&double, Style::Proto).unwrap(), Style::Proto, Default::default()).unwrap();
        assert!(again.to_bits() == bits || double.is_nan() && again.is_nan(), "{double}");
        let again: f32 = from_slice(&to_vec(&float, Style::Proto).unwrap(), Style::Proto, Default::default()).unwrap();
        assert!(again.to_bits() == float.to_bits() || float.is_nan() && again.is_nan(), "{float}");
    }
}

#[test]
fn every_whole_number_is_read_as_it_was_written() {
    for power in 0..63 {
        for number in [(1_i64 << power) - 1, 1 << power, -(1 << power), i64::MIN + (1 << power)] {
            let json = written(&number, Style::Thrift);
            assert_eq!(json, number.to_string());
            assert_eq!(from_slice::<i64>(json.as_bytes(), Style::Thrift, Default::default()).unwrap(), number);
        }
    }
}
