//! Apache Thrift and ours: calls both ways with its Python library and from its Go client, and random
//! structs through Python and us.

use super::xorshift;

mod called;
mod calls;
mod go;
mod python;
mod structs;

#[path = "../../../../../golden/tests/works/recorded/canonical.rs"]
mod canonical;
#[path = "../../../../../golden/tests/works/recorded/random.rs"]
mod random;
