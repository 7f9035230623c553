//! Generates `$OUT_DIR/kiteline.rs` whenever one of the IDL files has changed.

fn main() -> Result<(), codegen::Error> {
    // Only the folders of files that are named here may be read.
    codegen::Builder::new()
        .idl("idl/interop.thrift")
        .idl("idl/greeter.proto")
        .idl("idl/books.proto")
        .idl("idl/values.proto")
        .idl("../vectors/kitex/kitchen_sink.thrift")
        .idl("../../idl/add.thrift")
        .idl("../../idl/echo.thrift")
        .compile()
}
