//! The service that both doors have.

fn main() -> Result<(), codegen::Error> {
    codegen::Builder::new().idl("idl/rest.proto").compile()
}
