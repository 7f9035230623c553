//! Business errors in headers, as Kitex writes and reads them: `biz-status` and `biz-extra` beside code 13.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::status::{Status, insert};
use kiteline_core::error::Error;

const CODE: &str = "biz-status";
const EXTRA: &str = "biz-extra";
/// The names of the headers.
pub(crate) const NAMES: [&str; 2] = [CODE, EXTRA];

/// Bytes of a business error's pairs in their header.
const MOST: usize = 1 << 10;

/// The headers of a business error.
pub(crate) fn headers(error: &Error, code: i32) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static(CODE), HeaderValue::from(code));
    let extra = extra(error.pairs());
    if extra.len() > "{}".len() {
        insert(&mut headers, EXTRA, &extra);
    }
    headers
}

/// Pairs as JSON in a header, as many as fit.
fn extra(pairs: &BTreeMap<String, String>) -> String {
    let mut out = "{".to_owned();
    for (name, value) in pairs {
        let text = |text: &str| ascii(&serde_json::to_string(text).unwrap_or_default());
        let pair = format!("{}:{}", text(name), text(value));
        if out.len() + pair.len() > MOST {
            break;
        }
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&pair);
    }
    out.push('}');
    out
}

/// JSON with every character that a header cannot carry escaped.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}

/// The business error that a status's headers say, if any.
pub(crate) fn read(status: &Status) -> Option<Error> {
    let code = status.headers.get(CODE)?.to_str().ok()?.parse().ok()?;
    let extra = status.headers.get(EXTRA).and_then(|extra| extra.to_str().ok());
    let extra: Option<BTreeMap<String, String>> = extra.and_then(|extra| serde_json::from_str(extra).ok());
    Some(Error::business(code, status.message.as_str(), extra.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::super::{error_of, status_of};
    use super::*;
    use kiteline_core::error::Code;

    #[test]
    fn business_errors_come_back() {
        let error = Error::business(-7, "no 错", [("k".to_owned(), "é\n🙂".to_owned())]);
        let status = status_of(&error);
        assert_eq!(status.code, Some(Code::Internal));
        let back = error_of(&status);
        assert_eq!(back.business_code(), Some(-7));
        assert_eq!(back.pairs(), error.pairs());
        assert_eq!(back.message(), error.message());
    }
}
