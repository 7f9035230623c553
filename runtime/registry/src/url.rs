//! The grammar that all registry URLs share, and errors that show the place. What stands behind a
//! scheme is read by the registry of that scheme.

use std::fmt;
use std::ops::Range;

use super::instance::Endpoint;
use super::password::Password;
use kiteline_core::words::nearest;

/// A registry URL that cannot be used. Its text shows the URL, password left out, with a caret
/// under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlError {
    shown: String,
    at: Range<usize>,
    why: String,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.shown.get(..self.at.start).map_or(0, |text| text.chars().count());
        let width = self.shown.get(self.at.clone()).map_or(1, |text| text.chars().count()).max(1);
        writeln!(f, "this registry URL cannot be used")?;
        writeln!(f, "  {}", self.shown)?;
        write!(f, "  {}{} {}", " ".repeat(column), "^".repeat(width), self.why)
    }
}

impl std::error::Error for UrlError {}

/// A registry URL on its way to the registry of its scheme, passwords taken out of its text.
///
/// A registry reads parts of [`Url::rest`]; an error at a part, which has to be a slice of it, shows the
/// URL with a caret there.
#[derive(Clone, Debug)]
pub struct Url<'a> {
    shown: &'a str,
    scheme: &'a str,
    rest: &'a str,
    password: Option<&'a Password>,
    process: u64,
}

impl<'a> Url<'a> {
    pub(super) fn new(shown: &'a str, password: Option<&'a Password>, process: u64) -> Self {
        let (scheme, rest) = shown.split_once(':').unwrap_or((shown, &shown[shown.len()..]));
        Self { shown, scheme, rest: rest.strip_prefix("//").unwrap_or(rest), password, process }
    }

    /// The part before the colon.
    pub fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// The part behind `scheme:` or `scheme://`.
    pub fn rest(&self) -> &'a str {
        self.rest
    }

    /// Whether it has a colon: `dev` has none.
    pub fn is_explicit(&self) -> bool {
        self.scheme.len() < self.shown.len()
    }

    /// The password of an etcd user: from the URL, or else from the environment.
    pub fn password(&self) -> Option<&'a Password> {
        self.password
    }

    /// The process whose registry this is: 0 for this process, another number for one that it stands for.
    pub fn process(&self) -> u64 {
        self.process
    }

    /// An error at `part`, a slice of [`Url::rest`] or of the scheme.
    pub fn error(&self, part: &str, why: impl Into<String>) -> Box<UrlError> {
        let offset = (part.as_ptr() as usize).saturating_sub(self.shown.as_ptr() as usize);
        let start = offset.min(self.shown.len());
        let end = (start + part.len()).min(self.shown.len());
        Box::new(UrlError { shown: self.shown.to_owned(), at: start..end, why: why.into() })
    }

    /// Reads `host:port`.
    ///
    /// # Errors
    ///
    /// For what others cannot dial.
    pub fn address(&self, part: &str) -> Result<Endpoint, Box<UrlError>> {
        Endpoint::parse(part).ok_or_else(|| self.error(part, "write host:port, IPv6 as [::1]:port"))
    }

    /// The error for a word that is none of those that are known, with the one that may be meant.
    pub fn unknown(&self, what: &str, part: &str, known: &[&str]) -> Box<UrlError> {
        let hint = nearest(part, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        self.error(part, format!("unknown {what}, known are {}{hint}", known.join(", ")))
    }
}

/// Takes the password out of `user:password@`, so that nothing later can show it.
pub(super) fn hide(url: &str) -> (String, Option<Password>) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return (url.to_owned(), None);
    };
    // The last `@` before the query: a password may hold one itself.
    let end = rest.find('?').unwrap_or(rest.len());
    let (Some(at), true) = (rest.get(..end).and_then(|head| head.rfind('@')), rest.is_char_boundary(end)) else {
        return (url.to_owned(), None);
    };
    let (login, host) = rest.split_at(at);
    match login.split_once(':') {
        Some((user, password)) => (format!("{scheme}://{user}:***{host}"), Some(Password::Text(decode(password)))),
        None => (url.to_owned(), None),
    }
}

/// Undoes `%XX`; anything else stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(value) if *byte == b'%' => {
                out.push(value);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The URL with its password left out.
pub fn without_password(url: &str) -> String {
    hide(url).0
}
