//! Generates the services that are attacked.

fn main() -> Result<(), codegen::Error> {
    codegen::Builder::new().idl("idl/faults.thrift").idl("idl/twin.proto").idl("idl/shelf.proto").compile()
}
