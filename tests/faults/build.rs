//! Generates the service that is attacked.

fn main() -> Result<(), codegen::Error> {
    codegen::compile("idl/faults.thrift")
}
