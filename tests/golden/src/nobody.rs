//! A handler of `Shop` for tests that want its description and no calls.

use runtime::prost_types::{Duration, Timestamp};
use runtime::{Context, Error};

use crate::generated::legacy::{Old, old};
use crate::generated::shop::common::{Money, money};
use crate::generated::shop::v1::{self, HttpRequest2, LowerCase, Order, Self_, Shop, order};

/// Refuses every call.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

/// Methods that nobody calls here.
macro_rules! methods {
    ($($method:ident($request:ty) -> $reply:ty;)*) => {$(
        async fn $method(&self, _: &Context, _: $request) -> Result<$reply, Error> {
            Err(Error::unimplemented(stringify!($method)))
        }
    )*};
}

impl Shop for Nobody {
    methods! {
        put(Order) -> Order;
        find_item(order::Item) -> order::item::Tag;
        pay(Money) -> money::Part;
        reset(()) -> ();
        when(Duration) -> Timestamp;
        wrap(String) -> i32;
        r#type(v1::http_request2::Type) -> HttpRequest2;
        lower(v1::lower_case::Inner) -> LowerCase;
        me(Self_) -> v1::Option;
        ancient(Old) -> old::Inner;
        nothing(v1::Empty) -> v1::Empty;
    }
}
