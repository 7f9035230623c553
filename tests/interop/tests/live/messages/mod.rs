//! Values and messages of other libraries and ours: the same bytes, the same meaning, the same reaction.

mod apache;
mod protobuf;
mod reads;
#[path = "../../../../golden/tests/works/recorded/xorshift.rs"]
mod xorshift;
