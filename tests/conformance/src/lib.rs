//! Drivers for the conformance suite of Connect (`connectconformance`): its service on our server, its calls by our
//! client. The suite starts them and speaks with them on standard input and output.

pub mod json;
pub mod shared;
pub mod wire;
