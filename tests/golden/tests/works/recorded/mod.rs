//! Recorded messages of Kitex programs through generated code: whole and damaged.

mod binary;
mod canonical;
mod hostile;
mod inside;
mod kitex;
mod meaning;
mod random;
mod relay;
mod round;
mod vectors;
mod xorshift;
