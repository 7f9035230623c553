//! Generates `$OUT_DIR/kiteline.rs`.

fn main() -> Result<(), codegen::Error> {
    codegen::Builder::new().idl("idl/test.proto").compile()
}
