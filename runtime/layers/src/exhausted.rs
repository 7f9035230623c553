//! The error of a call that came too early, which says when it may come again.

use std::time::Duration;

use kiteline_core::error::{Code, Error};
use kiteline_core::metadata::Metadata;
use kiteline_core::pushback;

/// [`Code::ResourceExhausted`] for a caller that may come again after `wait`; over HTTP with `retry-after`, in whole seconds.
pub(crate) fn exhausted(text: String, reason: &str, wait: Duration) -> Error {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let headers = Metadata::from_iter([("retry-after", seconds.max(1).to_string())]);
    let error = Error::new(Code::ResourceExhausted, text).with_reason(reason).with_metadata(headers, Metadata::new());
    error.with_encoded_detail(pushback::retry_info(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_in_whole_seconds() {
        let header = |millis| {
            exhausted(String::new(), "", Duration::from_millis(millis)).metadata().get("retry-after").map(str::to_owned)
        };
        assert_eq!([0, 1, 1000, 1001].map(|millis| header(millis).unwrap()), ["1", "1", "1", "2"]);
    }
}
