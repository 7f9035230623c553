//! Tables of names.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// From so many names on a table has them in order too.
const MANY: usize = 32;

/// The names of one field: the one that is written, and another that is read.
pub(super) struct Names {
    pub(super) json: String,
    pub(super) other: Option<String>,
}

/// The table of a message's fields, as an expression; `more` are calls behind it.
pub(super) fn table(names: &[Names], more: &TokenStream) -> TokenStream {
    let json = names.iter().map(|it| &it.json);
    let known = |name: &str| names.iter().any(|it| it.json == name);
    let others: BTreeMap<&String, usize> = names
        .iter()
        .enumerate()
        .filter_map(|(place, it)| Some((it.other.as_ref().filter(|other| !known(other))?, place)))
        .collect();
    let pairs = |pairs: &BTreeMap<&String, usize>| {
        let pairs = pairs.iter().map(|(name, place)| {
            let place = Literal::usize_unsuffixed(*place);
            quote!((#name, #place))
        });
        quote!(&[#(#pairs),*])
    };
    let or = (!others.is_empty()).then(|| {
        let others = pairs(&others);
        quote!(.or(#others))
    });
    let sorted = (names.len() > MANY).then(|| {
        let mut all: BTreeMap<&String, usize> = names.iter().enumerate().map(|(place, it)| (&it.json, place)).collect();
        all.extend(others.iter().map(|(name, place)| (*name, *place)));
        let all = pairs(&all);
        quote!(.sorted(#all))
    });
    quote!(::runtime::json::Fields::new(&[#(#json),*]) #or #sorted #more)
}

/// The places for which something holds, as an argument of a table's method; nothing without any.
pub(super) fn places(method: &str, places: impl Iterator<Item = usize>) -> Option<TokenStream> {
    let places: Vec<Literal> = places.map(Literal::usize_unsuffixed).collect();
    let method = crate::emit::view::ident(method);
    (!places.is_empty()).then(|| quote!(.#method(&[#(#places),*])))
}
