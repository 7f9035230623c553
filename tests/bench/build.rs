//! The IDL of the benchmarks by our generator.

fn main() -> Result<(), codegen::Error> {
    codegen::compile("idl/bench.thrift")
}
