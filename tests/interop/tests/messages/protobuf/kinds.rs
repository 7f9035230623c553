//! The messages of the tests, and how ours are read and written.

use golden::generated::shop::common::Money;
use golden::generated::shop::v1::{Card, Order, ShopServer, order};
use golden::nobody::Nobody;
use interop::generated::interop::values::{Everything, Single, Values, ValuesServer};
use runtime::json::{self, Style, Value as Json};
use runtime::prost::Message;
use runtime::prost_types::{Any, Duration, Struct, Timestamp, Value};
use runtime::{Context, Error, Service};

use super::schema::Schema;

/// Through a generated type: what it reads, as it writes it.
pub(crate) type Through = fn(&[u8]) -> Vec<u8>;

fn through<T: Message + Default>(bytes: &[u8]) -> Vec<u8> {
    T::decode(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}")).encode_to_vec()
}

/// The JSON of a message.
fn to_json<T: Message + Default + Json>(bytes: &[u8]) -> Vec<u8> {
    let message = T::decode(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"));
    json::to_vec(&message, Style::Proto).unwrap()
}

/// The message that JSON is.
fn of_json<T: Message + Default + Json>(text: &[u8]) -> Result<Vec<u8>, String> {
    let message: T = json::from_slice(text, Style::Proto, Default::default()).map_err(|error| error.to_string())?;
    Ok(message.encode_to_vec())
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
    pub(crate) descriptors: &'static [u8],
    pub(crate) schema: Schema,
    pub(crate) through: Through,
    pub(crate) to_json: Through,
    pub(crate) of_json: fn(&[u8]) -> Result<Vec<u8>, String>,
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
    fn of<T: Message + Default + Json>(service: &dyn Service, name: &'static str) -> Kind {
        Kind {
            name,
            descriptors: service.descriptors(),
            schema: Schema::new(service.descriptors()),
            through: through::<T>,
            to_json: to_json::<T>,
            of_json: of_json::<T>,
            words: if name.starts_with(".shop") { SHOP } else { VALUES },
        }
    }
    vec![
        of::<Order>(&shop, ".shop.v1.Order"),
        of::<Everything>(&values, ".interop.values.Everything"),
        of::<Timestamp>(&values, ".google.protobuf.Timestamp"),
        of::<Duration>(&values, ".google.protobuf.Duration"),
        of::<Struct>(&values, ".google.protobuf.Struct"),
        of::<Value>(&values, ".google.protobuf.Value"),
        of::<Any>(&values, ".google.protobuf.Any"),
        of::<Vec<u8>>(&values, ".google.protobuf.BytesValue"),
    ]
}
