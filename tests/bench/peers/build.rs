//! The IDL of the benchmarks by volo's generator.

fn main() {
    volo_build::Builder::thrift().add_service("../idl/bench.thrift").ignore_unused(false).write().expect("generates");
}
