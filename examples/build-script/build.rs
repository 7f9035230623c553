//! Generates `$OUT_DIR/kiteline.rs` whenever one of the IDL files has changed.

fn main() -> Result<(), codegen::Error> {
    codegen::compile("idl/user.thrift")
}
