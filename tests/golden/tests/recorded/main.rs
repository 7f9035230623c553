//! Recorded messages of Kitex programs through generated code: whole and damaged.

mod binary;
mod hostile;
mod inside;
mod kitex;
mod relay;
mod vectors;
mod xorshift;
