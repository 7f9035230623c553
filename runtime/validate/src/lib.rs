//! Validation of messages: the checks that generated code makes for the rules of an IDL (`buf.validate`, PGV, `api.vd`,
//! `vt.*`), and the error that a caller gets. There is no reflection and no engine: generated code calls these
//! functions on its fields.
//!
//! ```
//! use kiteline_validate::{self as validate, Validate, Violations};
//!
//! struct User {
//!     email: String,
//! }
//!
//! impl Validate for User {
//!     fn check(&self, out: &mut Violations) {
//!         out.field("email", |out| out.test(validate::email(&self.email), "string.email", "must be an email address"));
//!     }
//! }
//!
//! let violations = validate::violations(&User { email: "nobody".into() });
//! assert_eq!(violations[0].to_string(), "email: must be an email address");
//! assert_eq!(violations[0].rule, "string.email");
//! ```

mod bad_request;
mod email;
mod host;
mod ip;
#[cfg(feature = "pattern")]
mod pattern;
mod refusal;
mod tests_of_values;
mod uri;
mod violations;

#[cfg(feature = "grpc")]
pub use bad_request::{BadRequest, FieldViolation};
pub use email::email;
pub use host::{address, host_and_port, hostname};
pub use ip::{ip, ip_bytes, ip_network, ip_prefix, ipv4, ipv4_network, ipv4_prefix, ipv6, ipv6_network, ipv6_prefix};
#[cfg(feature = "pattern")]
pub use pattern::Pattern;
pub use refusal::{REASON, THRIFT_CODE, message, outgoing, request};
pub use tests_of_values::{
    any_of, bytes_contain, chars, dotted_name, eq, finite, finite_single, gt, gte, header_name, header_name_loose,
    header_value, header_value_loose, is_set, lt, lte, nanos, now, tuuid, ulid, unique, uuid, zero,
};
pub use uri::{uri, uri_reference};
pub use violations::{Key, MOST, Validate, Violation, Violations, violations};
