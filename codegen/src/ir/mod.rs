//! What crosses the lines between the stages.

pub mod draft;
pub mod model;
