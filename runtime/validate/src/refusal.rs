//! The error of a message whose rules do not hold.

use kiteline_core::error::{Error, Origin};
use kiteline_core::service::{Call, Form, Idl};

use crate::bad_request;
use crate::violations::{Validate, Violation, Violations};

/// The reason of the error.
pub const REASON: &str = "VALIDATION";

/// The code of the business error that callers over Thrift get: HTTP's status of the same meaning.
pub const THRIFT_CODE: i32 = 400;

/// Violations that the text of an error names.
const NAMED: usize = 3;

/// Bytes of the pairs of a business error, which travel in headers; violations beyond have none.
const PAIRS: usize = 4 << 10;

/// Checks a request that a server has decoded, where its settings ask for it.
///
/// # Errors
///
/// [`Code::InvalidArgument`](kiteline_core::error::Code::InvalidArgument) with [`REASON`] and `google.rpc.BadRequest`;
/// for callers over Thrift a business error with [`THRIFT_CODE`] and a pair per field.
#[inline]
pub fn request(call: &Call, check: impl FnOnce(&mut Violations)) -> Result<(), Error> {
    if !call.limits.validate {
        return Ok(());
    }
    let mut violations = Violations::default();
    check(&mut violations);
    if violations.is_empty() {
        return Ok(());
    }
    let over_thrift = call.method.idl == Idl::Thrift && call.form == Form::Binary;
    Err(if over_thrift { business(&violations.into_vec()) } else { refused(&violations.into_vec()) })
}

/// Checks one message, such as one of a stream.
///
/// # Errors
///
/// As [`request`] gives to callers over HTTP.
pub fn message<M: Validate>(message: &M) -> Result<(), Error> {
    let mut violations = Violations::default();
    message.check(&mut violations);
    if violations.is_empty() { Ok(()) } else { Err(refused(&violations.into_vec())) }
}

/// Checks a request that a client is about to send, where its channel asks for it.
///
/// # Errors
///
/// As [`message`]; nothing was sent.
#[inline]
pub fn outgoing(asked: bool, check: impl FnOnce(&mut Violations)) -> Result<(), Error> {
    if !asked {
        return Ok(());
    }
    let mut violations = Violations::default();
    check(&mut violations);
    if violations.is_empty() { Ok(()) } else { Err(refused(&violations.into_vec()).with_origin(Origin::Encode)) }
}

#[cold]
fn refused(violations: &[Violation]) -> Error {
    Error::invalid(text(violations)).with_reason(REASON).with_encoded_detail(bad_request::detail(violations))
}

#[cold]
fn business(violations: &[Violation]) -> Error {
    let (mut pairs, mut size): (Vec<(String, String)>, usize) = (Vec::new(), 0);
    for violation in violations {
        size += violation.field.len() + violation.message.len();
        if size > PAIRS {
            break;
        }
        match pairs.iter_mut().find(|(field, _)| *field == violation.field) {
            Some((_, text)) => *text = format!("{text}; {}", violation.message),
            None => pairs.push((violation.field.clone(), violation.message.to_owned())),
        }
    }
    Error::business(THRIFT_CODE, text(violations), pairs).with_reason(REASON)
}

/// The first violations in words.
fn text(violations: &[Violation]) -> String {
    let named: Vec<String> = violations.iter().take(NAMED).map(ToString::to_string).collect();
    let more = violations.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", named.join("; "))
}

#[cfg(test)]
mod tests {
    use kiteline_core::body::Body;
    use kiteline_core::context::Context;
    use kiteline_core::error::Code;
    use kiteline_core::limits::DecodeLimits;
    use kiteline_core::service::Method;

    use super::*;

    fn call(method: &'static Method, validate: bool) -> Call {
        let limits = DecodeLimits { validate, ..DecodeLimits::default() };
        Call::new(method, Context::new(), Body::Whole(Default::default()), limits)
    }

    fn check(out: &mut Violations) {
        for name in ["a", "a", "b", "c", "d"] {
            out.field(name, |out| out.test(false, "string.min_len", "must be longer"));
        }
    }

    #[test]
    fn a_proto_caller_gets_invalid_argument_with_a_detail() {
        static METHOD: Method = Method::new(Idl::Proto, "/S/M", 0);
        let error = request(&call(&METHOD, true), check).unwrap_err();
        assert_eq!((error.code(), error.reason(), error.business_code()), (Code::InvalidArgument, REASON, None));
        assert_eq!(error.message(), "a: must be longer; a: must be longer; b: must be longer; and 2 more");
        assert_eq!(error.details()[0].type_name, "google.rpc.BadRequest");
    }

    #[test]
    fn a_thrift_caller_gets_a_business_error_with_a_pair_per_field() {
        static METHOD: Method = Method::new(Idl::Thrift, "/S/M", 0);
        let error = request(&call(&METHOD, true), check).unwrap_err();
        assert_eq!((error.business_code(), error.pairs().len()), (Some(THRIFT_CODE), 4));
        assert_eq!(error.pairs()["a"], "must be longer; must be longer");
        let mut json = call(&METHOD, true);
        json.form = Form::Json;
        assert_eq!(request(&json, check).unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn a_setting_turns_it_off() {
        static METHOD: Method = Method::new(Idl::Proto, "/S/M", 0);
        assert!(request(&call(&METHOD, false), check).is_ok());
        assert!(outgoing(false, check).is_ok());
        assert_eq!(outgoing(true, check).unwrap_err().origin(), Origin::Encode);
    }
}
