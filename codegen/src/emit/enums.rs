//! Enums: open newtypes over `i32`, so that a number of a newer IDL is not an error.

use proc_macro2::TokenStream;
use quote::quote;

use super::view::{View, derive, ident};
use super::{constant, docs};
use crate::ir::model::{Def, Member};

pub(super) fn emit(view: &View<'_>, def: &Def, members: &[Member]) -> TokenStream {
    let (docs, name) = (docs::if_any(&def.head), ident(&def.head.rust));
    let constants = members.iter().map(|member| {
        let docs = docs::if_any(&member.head);
        let (member, number) = (ident(&member.head.rust), constant::int(i64::from(member.number)));
        quote!(#docs pub const #member: Self = Self(#number);)
    });
    let (some, none, option, from) = (view.std("Some"), view.std("None"), view.std("Option"), view.std("From"));
    let unnamed = members.is_empty();
    let mut seen = std::collections::BTreeSet::new();
    let names = members.iter().filter(|it| seen.insert(it.number)).map(|member| {
        let (number, text) = (constant::int(i64::from(member.number)), &member.head.name);
        quote!(#number => #some(#text),)
    });
    let name_of = if unnamed { quote!(#none) } else { quote!(match self.0 { #(#names)* _ => #none, }) };
    let (codec, number) = (value_impl(view, def), format!("{}({{}})", def.head.rust.trim_start_matches("r#")));
    let attributes = derive(def, &["Clone", "Copy", "Default", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash"], false);
    let gap = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
    quote! {
        #docs
        #gap
        /// Open: any number is a value, also one that this version of the IDL does not name.
        #attributes
        pub struct #name(pub i32);

        impl #name {
            #(#constants)*

            /// The member's name in the IDL; `None` for a number without one.
            pub fn name(self) -> #option<&'static str> {
                #name_of
            }
        }

        impl ::std::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self.name() {
                    #some(name) => f.write_str(name),
                    #none => write!(f, #number, self.0),
                }
            }
        }

        impl #from<i32> for #name {
            fn from(number: i32) -> Self {
                Self(number)
            }
        }

        #codec
    }
}

fn value_impl(view: &View<'_>, def: &Def) -> TokenStream {
    let (name, ok, result) = (ident(&def.head.rust), view.std("Ok"), view.std("Result"));
    quote! {
        impl thrift::Value for #name {
            const TYPE: thrift::Type = thrift::Type::I32;
            const MIN_SIZE: usize = 4;
            const FIXED: bool = true;

            fn write(&self, out: &mut impl thrift::Sink) {
                out.value(&self.0);
            }

            fn decode(input: &mut thrift::Decoder<'_>) -> #result<Self, thrift::DecodeError> {
                #ok(Self(input.value()?))
            }
        }
    }
}
