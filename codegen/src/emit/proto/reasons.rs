//! Errors of the reasons that an enum lists: a constructor and a predicate.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::emit::view::View;
use crate::ir::model::{Def, Proto};

/// The methods of an enum; nothing for one that lists no reasons.
pub(in crate::emit) fn emit(view: &View<'_>, def: &Def, proto: &Proto) -> TokenStream {
    if proto.reasons.is_empty() {
        return TokenStream::new();
    }
    let ty = view.path(def.module, &def.head.rust);
    let arms = proto.reasons.iter().map(|(number, status)| {
        let (number, status) = (Literal::i32_unsuffixed(*number), Literal::u16_unsuffixed(*status));
        quote!(#number => #status,)
    });
    quote! {
        impl #ty {
            /// The status of HTTP that the reason stands for.
            pub const fn http_status(self) -> u16 {
                match self as i32 {
                    #(#arms)*
                    _ => 500,
                }
            }

            /// An error with this reason.
            pub fn error(self, message: impl ::std::convert::Into<::std::string::String>) -> ::runtime::Error {
                ::runtime::Error::of_http_status(self.http_status(), message).with_reason(self.as_str_name())
            }

            /// Whether an error has this reason.
            pub fn is_reason_of(self, error: &::runtime::Error) -> bool {
                error.reason() == self.as_str_name()
            }
        }
    }
}
