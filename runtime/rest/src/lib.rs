//! HTTP from the IDL without sockets: which route a request takes, the parts of its message, the bodies of errors, and streams
//! of answers as events. No byte of a peer makes it panic.
//!
//! Routes come from generated code ([`kiteline_core::http_route`]). [`Table`] finds the one of a verb and a path; [`read_parts`]
//! makes the request's variables, query, headers, cookies and forms the texts of fields. What a text means for a field,
//! the JSON codec of generated code knows.

mod documents;
mod escape;
mod events;
mod failure;
mod multipart;
mod parts;
mod path;
mod request;
mod shape;
mod table;

pub use documents::join_documents;
pub use events::{Framing, framing};
pub use failure::{Failure, read_failure, write_failure};
pub use parts::{Request, read_parts};
pub use path::{Malformed, Path};
pub use request::{Written, read_reply, write_request};
pub use shape::{Shape, open_envelope};
pub use table::{Found, Matched, Table, Variables};
