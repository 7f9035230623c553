//! A program that uses a part of what its build script made: the rest is no warning.
#![deny(dead_code, missing_docs, unreachable_pub, unused)]

mod generated {
    runtime::include_generated!();
}

fn main() {
    assert_eq!(generated::options::Point::default().x, 0);
}
