//! How calls end, as labels: a fixed set, whatever a peer says.

use kiteline_core::error::{Code, Error};

/// The number of outcomes.
pub(crate) const OUTCOMES: usize = 18;

/// The outcome of an error that is an answer of the application's own.
const BUSINESS: usize = 17;

/// The place of how a call ended: 0 for success, else the number of the code.
pub(crate) fn outcome(error: Option<&Error>) -> usize {
    match error {
        None => 0,
        Some(error) if error.business_code().is_some() => BUSINESS,
        Some(error) => error.code() as usize,
    }
}

/// The labels `code` and `reason` of an outcome: the status of HTTP that stands for it, as Kratos counts, and gRPC's
/// name of the code. Business errors are answers: Kitex counts such a call among those that worked, and so does this.
pub(crate) fn labels(outcome: usize) -> (u16, &'static str) {
    let code = i32::try_from(outcome).ok().and_then(Code::from_number);
    match code {
        Some(code) => (code.http_status(), name(code)),
        None if outcome == BUSINESS => (200, "BUSINESS"),
        None => (200, ""),
    }
}

/// The name of a code in `google/rpc/code.proto`.
fn name(code: Code) -> &'static str {
    match code {
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_place_and_labels_of_its_own() {
        assert_eq!(labels(outcome(None)), (200, ""));
        assert_eq!(labels(outcome(Some(&Error::business(4004, "no", [])))), (200, "BUSINESS"));
        let codes: Vec<_> = (0..100).filter_map(Code::from_number).collect();
        let mut seen: Vec<_> = codes.iter().map(|code| outcome(Some(&Error::new(*code, "x")))).collect();
        assert!(seen.iter().all(|place| *place < BUSINESS && *place > 0));
        let names: std::collections::BTreeSet<_> = seen.iter().map(|place| labels(*place).1).collect();
        seen.dedup();
        assert_eq!((seen.len(), names.len()), (OUTCOMES - 2, OUTCOMES - 2));
        assert_eq!(labels(outcome(Some(&Error::not_found("x")))), (404, "NOT_FOUND"));
    }
}
