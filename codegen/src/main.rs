//! The `kiteline` command.

fn main() {}
