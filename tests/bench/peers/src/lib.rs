//! volo's generated code.
#![allow(warnings, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/volo_gen.rs"));
