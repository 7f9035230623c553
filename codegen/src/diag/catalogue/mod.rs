//! The texts of all findings, one function per code. A module for each stage:
//! `source` (SR), `thrift` (TH00xx, syntax), `proto` (PB), `names` and `rules` (TH01xx), `routes` (RT), `validation` (VR).

pub mod derives;
pub mod names;
pub mod proto;
pub mod routes;
pub mod rules;
pub mod source;
pub mod thrift;
pub mod validation;
