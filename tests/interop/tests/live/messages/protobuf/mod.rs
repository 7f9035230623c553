//! Random proto messages through Google's library and ours: equal values, both ways, in bytes and in JSON.

use super::xorshift;

mod canonical;
mod kinds;
mod known;
mod messages;
mod python;
mod random;
mod schema;
