//! The types that cross the lines between the stages.

pub mod bounds;
pub mod choices;
pub mod draft;
pub mod http;
pub mod ids;
pub mod model;
pub mod numbers;
pub mod patterns;
pub mod rules;
