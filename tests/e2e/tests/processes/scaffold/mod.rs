//! Whole crates as users make them: built, tested, documented, run and changed.

mod comments;
mod fresh;
mod gateway;
