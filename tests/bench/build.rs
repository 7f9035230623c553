//! The IDL of the benchmarks by our generator, and tonic's service with the same methods.

use tonic_build::manual::{Builder, Method, Service};

fn main() -> Result<(), codegen::Error> {
    codegen::Builder::new()
        .idl("idl/bench.thrift")
        .idl("idl/echo.proto")
        .idl("idl/json.proto")
        .idl("idl/web.proto")
        .compile()?;
    let method = |name: &str, route: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type("crate::TonicText")
            .output_type("crate::TonicText")
            .codec_path("tonic_prost::ProstCodec")
    };
    let service = Service::builder().name("Echo").package("echo").method(method("say", "Say").build());
    Builder::new().compile(&[service.method(method("each", "Each").server_streaming().build()).build()]);
    Ok(())
}
