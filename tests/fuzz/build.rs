//! Thrift's golden IDLs once more, with JSON and serde.

use codegen::Builder;
use codegen::options::{Json, Options};

fn main() -> Result<(), codegen::Error> {
    let options = Options { json: Json::On, serde: true, ..Options::default() };
    let idls = ["golden/idl/shapes.thrift", "golden/idl/names.thrift", "vectors/kitex/kitchen_sink.thrift"];
    let builder = idls.iter().fold(Builder::new(), |builder, idl| builder.idl(format!("../{idl}")));
    builder.idl("idl/calls.thrift").options(options).compile()
}
