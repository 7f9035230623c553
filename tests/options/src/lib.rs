//! Generated with every option away from its default.

runtime::include_generated!();
