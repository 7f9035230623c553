//! One value for every limit. Nothing here is unlimited unless a person spelled that out.

use std::time::Duration;

use serde::Deserialize;

/// What one decoder may use up for one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeLimits {
    /// Deepest nesting of structs and containers. Default 64.
    pub depth: u16,
    /// Bytes of memory that one message's values may take. Default 64 MiB.
    pub budget: usize,
    /// Bytes of one string or binary. Default 16 MiB.
    pub string: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { depth: 64, budget: 64 << 20, string: 16 << 20 }
    }
}
