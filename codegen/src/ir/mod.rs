//! The types that cross the lines between the stages.

pub mod choices;
pub mod draft;
pub mod http;
pub mod model;
pub mod numbers;
