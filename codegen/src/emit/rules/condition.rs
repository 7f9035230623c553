//! A condition about the value `it` as an expression.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::emit::view::ident;
use crate::ir::rules::{Cond, Kind, List, Measure, Number, Op, Part};

pub(super) fn emit(cond: &Cond, kind: &Kind) -> TokenStream {
    match cond {
        Cond::Constant(value) => quote!(#value),
        Cond::All(parts) => joined(parts, kind, &quote!(&&)),
        Cond::Any(parts) => joined(parts, kind, &quote!(||)),
        Cond::Not(part) => {
            let part = single(part, kind);
            quote!(!#part)
        }
        Cond::Compare(what, op, number) => compare(*what, *op, *number, kind),
        Cond::In(list) => any_of(list, kind),
        Cond::IsTrue => quote!(*it),
        Cond::Text(part, text) => match part {
            Part::Whole => quote!(::runtime::validate::eq(it.as_str(), #text)),
            Part::Prefix => quote!(it.starts_with(#text)),
            Part::Suffix => quote!(it.ends_with(#text)),
            Part::Contains => quote!(it.contains(#text)),
        },
        Cond::Bytes(part, bytes) => {
            let bytes = Literal::byte_string(bytes);
            match part {
                Part::Whole => quote!(::runtime::validate::eq(&it[..], &#bytes[..])),
                Part::Prefix => quote!(it.starts_with(#bytes)),
                Part::Suffix => quote!(it.ends_with(#bytes)),
                Part::Contains => quote!(::runtime::validate::bytes_contain(it, #bytes)),
            }
        }
        Cond::Pattern(text) => {
            let matches = ident(if matches!(kind, Kind::Bytes) { "matches_bytes" } else { "matches" });
            quote!({
                static PATTERN: ::runtime::validate::Pattern = ::runtime::validate::Pattern::new(#text);
                PATTERN.#matches(it)
            })
        }
        Cond::Form(name) => {
            let name = ident(name);
            quote!(::runtime::validate::#name(it))
        }
        Cond::Finite => {
            let value = value(kind);
            let finite = ident(if matches!(kind, Kind::Float) { "finite_single" } else { "finite" });
            quote!(::runtime::validate::#finite(#value))
        }
        Cond::Unique => unique(kind),
    }
}

/// A condition that stands beside others.
fn single(cond: &Cond, kind: &Kind) -> TokenStream {
    let text = emit(cond, kind);
    if matches!(cond, Cond::All(_) | Cond::Any(_)) { quote!((#text)) } else { text }
}

fn joined(parts: &[Cond], kind: &Kind, operator: &TokenStream) -> TokenStream {
    let parts = parts.iter().map(|part| single(part, kind));
    let parts = parts.reduce(|before, part| quote!(#before #operator #part));
    parts.unwrap_or_else(|| quote!(true))
}

/// The number that a value is.
fn value(kind: &Kind) -> TokenStream {
    if matches!(kind, Kind::OpenEnum | Kind::Ordered) { quote!(it.0) } else { quote!(*it) }
}

fn measure(what: Measure, kind: &Kind) -> TokenStream {
    match what {
        Measure::Value => value(kind),
        Measure::AsDouble => {
            let value = value(kind);
            quote!(#value as f64)
        }
        Measure::Len => quote!(it.len()),
        Measure::Chars => quote!(::runtime::validate::chars(it)),
        Measure::Nanos => quote!(::runtime::validate::nanos(it.seconds, it.nanos)),
        Measure::NanosFromNow => {
            quote!(::runtime::validate::nanos(it.seconds, it.nanos) - ::runtime::validate::now())
        }
    }
}

/// A reference to a measure.
fn referred(what: Measure, kind: &Kind) -> TokenStream {
    let measure = measure(what, kind);
    match (what, kind) {
        (Measure::Value, Kind::OpenEnum | Kind::Ordered) | (Measure::Len | Measure::Chars, _) => quote!(&#measure),
        (Measure::Value, _) => quote!(it),
        _ => quote!(&(#measure)),
    }
}

fn number(number: Number) -> TokenStream {
    let (negative, literal) = match number {
        Number::Int(number) => (number < 0, Literal::u128_unsuffixed(number.unsigned_abs())),
        Number::Double(number) if number.is_finite() => {
            (number.is_sign_negative(), Literal::f64_unsuffixed(number.abs()))
        }
        Number::Float(number) if number.is_finite() => {
            (number.is_sign_negative(), Literal::f32_unsuffixed(number.abs()))
        }
        Number::Double(number) => return infinite(&quote!(f64), number),
        Number::Float(number) => return infinite(&quote!(f32), f64::from(number)),
    };
    let minus = negative.then(|| quote!(-));
    quote!(#minus #literal)
}

fn infinite(ty: &TokenStream, number: f64) -> TokenStream {
    if number.is_nan() {
        quote!(#ty::NAN)
    } else if number > 0.0 {
        quote!(#ty::INFINITY)
    } else {
        quote!(#ty::NEG_INFINITY)
    }
}

fn compare(what: Measure, op: Op, with: Number, kind: &Kind) -> TokenStream {
    let (value, referred, number) = (measure(what, kind), referred(what, kind), number(with));
    match op {
        Op::Eq => quote!(::runtime::validate::eq(#referred, &#number)),
        Op::Ne => quote!(!::runtime::validate::eq(#referred, &#number)),
        Op::Lt => quote!(::runtime::validate::lt(#value, #number)),
        Op::Lte => quote!(::runtime::validate::lte(#value, #number)),
        Op::Gt => quote!(::runtime::validate::gt(#value, #number)),
        Op::Gte => quote!(::runtime::validate::gte(#value, #number)),
    }
}

fn any_of(list: &List, kind: &Kind) -> TokenStream {
    match list {
        List::Numbers(what, numbers) => {
            let (value, numbers) = (referred(*what, kind), numbers.iter().map(|it| number(*it)));
            quote!(::runtime::validate::any_of(#value, &[#(&#numbers),*]))
        }
        // The URL of an `Any` stands for it.
        List::Texts(texts) if matches!(kind, Kind::Any) => {
            quote!(::runtime::validate::any_of(it.type_url.as_str(), &[#(#texts),*]))
        }
        List::Texts(texts) => quote!(::runtime::validate::any_of(it.as_str(), &[#(#texts),*])),
        List::Bytes(list) => {
            let list = list.iter().map(|it| Literal::byte_string(it));
            quote!(::runtime::validate::any_of(&it[..], &[#(&#list[..]),*]))
        }
    }
}

fn unique(kind: &Kind) -> TokenStream {
    let (Kind::List(item) | Kind::Set(item)) = kind else { return quote!(true) };
    let (items, key) = match item.kind {
        Kind::Text => (quote!(it), quote!(it.as_str())),
        Kind::Bytes => (quote!(it), quote!(&it[..])),
        // NaN is equal to nothing, the two zeros are one value.
        Kind::Double | Kind::Float => (quote!(it.iter().filter(|it| !it.is_nan())), quote!((*it + 0.0).to_bits())),
        _ => (quote!(it), quote!(*it)),
    };
    quote!(::runtime::validate::unique(#items, |it| #key))
}
