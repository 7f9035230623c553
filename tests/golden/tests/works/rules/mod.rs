//! Validation rules at work: which value breaks which rule, and what callers are told.

mod proto;
mod served;
mod thrift;

use runtime::validate::{Validate, violations};

/// Path and rule of each violation, in order.
pub(crate) fn broken(message: &impl Validate) -> Vec<String> {
    violations(message).into_iter().map(|it| format!("{} {}", it.field, it.rule)).collect()
}
