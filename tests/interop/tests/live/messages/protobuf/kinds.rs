//! The messages of the tests: how ours are read and written, and which calls carry them.

use golden::generated::shop::common::Money;
use golden::generated::shop::v1::{Card, Order, ShopServer, order};
use golden::nobody::Nobody;
use interop::generated::interop::values::{Everything, Single, Values, ValuesServer};
use runtime::json::{self, Style};
use runtime::prost::Message;
use runtime::prost_types::{Any, Duration, Struct, Timestamp, Value};
use runtime::{Context, Error, Service};

use super::schema::Schema;

/// Through a generated type: what it reads, as it writes it.
pub(crate) type Through = fn(&[u8]) -> Vec<u8>;

fn through<T: Message + Default>(bytes: &[u8]) -> Vec<u8> {
    T::decode(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}")).encode_to_vec()
}

/// JSON as a generated type reads it.
pub(crate) type OfJson = fn(&[u8]) -> Result<Vec<u8>, String>;

/// Nothing where an `Any` holds a message of another crate, which the one of the type does not know.
fn to_json<T: Message + json::Value + Default>(bytes: &[u8]) -> Vec<u8> {
    match json::to_vec(&T::decode(bytes).unwrap(), Style::Proto) {
        Ok(json) => json,
        Err(error) if error.to_string().contains("not a message that this program knows") => Vec::new(),
        Err(error) => panic!("{error}: {bytes:02x?}"),
    }
}

fn of_json<T: Message + json::Value>(text: &[u8]) -> Result<Vec<u8>, String> {
    let value = json::from_slice::<T>(text, Style::Proto, Default::default());
    value.map(|value| value.encode_to_vec()).map_err(|failure| failure.to_string())
}

/// What an `Any` holds: messages without maps, whose entries have no order. `Empty` has a `value` in JSON,
/// which Python neither writes nor reads.
pub(crate) const PACKED: &[(&str, Through)] = &[
    (".google.protobuf.Duration", through::<Duration>),
    (".google.protobuf.StringValue", through::<String>),
    (".interop.values.Single", through::<Single>),
    (".shop.common.Money", through::<Money>),
    (".shop.v1.Card", through::<Card>),
    (".shop.v1.Order.Item", through::<order::Item>),
];

/// A message that a call takes and gives.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) to_json: Through,
    pub(crate) of_json: OfJson,
    pub(crate) descriptors: &'static [u8],
    pub(crate) schema: Schema,
    pub(crate) through: Through,
    /// The words for how Python may write its JSON.
    pub(crate) words: &'static [&'static str],
}

/// Without default values: of proto2 those are values.
const SHOP: &[&str] = &["", "preserving_proto_field_name", "use_integers_for_enums"];
/// Without numbers of enums: then `NullValue` is 0, which we do not read.
const VALUES: &[&str] = &["", "preserving_proto_field_name", "including_default_value_fields"];

/// Refuses every call.
struct NoValues;

macro_rules! methods {
    ($($method:ident($message:ty);)*) => {
        impl Values for NoValues {$(
            async fn $method(&self, _: &Context, _: $message) -> Result<$message, Error> {
                Err(Error::unimplemented(stringify!($method)))
            }
        )*}
    };
}

methods! {
    everything(Everything);
    time(Timestamp);
    span(Duration);
    object(Struct);
    value(Value);
    any(Any);
    wrapped(Vec<u8>);
}

/// The first ones are the greatest.
pub(crate) fn kinds() -> Vec<Kind> {
    let (shop, values) = (ShopServer::new(Nobody), ValuesServer::new(NoValues));
    macro_rules! of {
        ($service:expr, $name:literal, $message:ty) => {
            Kind {
                name: $name,
                to_json: to_json::<$message>,
                of_json: of_json::<$message>,
                descriptors: $service.descriptors(),
                schema: Schema::new($service.descriptors()),
                through: through::<$message>,
                words: if $name.starts_with(".shop") { SHOP } else { VALUES },
            }
        };
    }
    vec![
        of!(shop, ".shop.v1.Order", Order),
        of!(values, ".interop.values.Everything", Everything),
        of!(values, ".google.protobuf.Timestamp", Timestamp),
        of!(values, ".google.protobuf.Duration", Duration),
        of!(values, ".google.protobuf.Struct", Struct),
        of!(values, ".google.protobuf.Value", Value),
        of!(values, ".google.protobuf.Any", Any),
        of!(values, ".google.protobuf.BytesValue", Vec<u8>),
    ]
}
