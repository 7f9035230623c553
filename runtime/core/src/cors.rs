//! Which web pages may call a server: cross-origin resource sharing (the Fetch standard, "CORS protocol").

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::limits::seconds;

/// `[server.cors]`: pages of which origins may call proto services over Connect and gRPC-Web. Without it a browser lets
/// pages of the server's own origin do so alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Written")]
pub struct Cors {
    /// `https://app.example.com` each, or `*` for all.
    pub origins: Vec<String>,
    /// Headers that pages may send beside those of the protocols themselves, such as `authorization`; `*` for all.
    pub headers: Vec<String>,
    /// Headers that pages may read beside those of the protocols themselves; `*` for all. Default: all, and without
    /// `*` where credentials are allowed.
    pub expose: Vec<String>,
    /// Whether a browser sends cookies along. Not with an origin of `*`. Default false.
    pub credentials: bool,
    /// For how long a browser remembers what it was told. Default 2 h, the most that browsers do.
    pub max_age: Duration,
}

/// The table as it is written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    origins: Vec<String>,
    #[serde(deserialize_with = "names")]
    headers: Vec<String>,
    #[serde(deserialize_with = "names")]
    expose: Vec<String>,
    credentials: bool,
    #[serde(with = "seconds")]
    max_age: Duration,
}

impl Default for Written {
    fn default() -> Self {
        let (origins, headers, expose) = Default::default();
        Self { origins, headers, expose, credentials: false, max_age: Duration::from_secs(7_200) }
    }
}

impl Cors {
    /// For pages of these origins.
    ///
    /// # Errors
    ///
    /// For what is not an origin.
    pub fn new(origins: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, String> {
        let origins = origins.into_iter().map(Into::into).collect();
        Written { origins, ..Written::default() }.try_into()
    }

    /// Whether pages of an origin may call.
    pub fn allows(&self, origin: &str) -> bool {
        self.is_open() || self.origins.iter().any(|allowed| allowed == origin)
    }

    /// Whether pages of all origins may.
    pub fn is_open(&self) -> bool {
        self.origins.iter().any(|origin| origin == "*")
    }
}

impl TryFrom<Written> for Cors {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { mut origins, headers, expose, credentials, max_age } = written;
        if origins.is_empty() {
            return Err("`origins` is empty: name one, such as \"https://app.example.com\", or \"*\"".to_owned());
        }
        origins.iter_mut().for_each(|origin| origin.make_ascii_lowercase());
        if let Some(bad) = origins.iter().find(|origin| !is_origin(origin)) {
            return Err(format!(
                "`{bad}` is not an origin: write scheme://host or scheme://host:port, as browsers do, without a path"
            ));
        }
        if credentials && origins.iter().any(|origin| origin == "*") {
            return Err("browsers send no credentials where the origin is `*`: name the origins".to_owned());
        }
        Ok(Self { origins, headers, expose, credentials, max_age })
    }
}

fn is_origin(text: &str) -> bool {
    if text == "*" || text == "null" {
        return true;
    }
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
    let standard = matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")));
    !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !name.is_empty()
        && name.bytes().all(of_name)
        && !standard
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Names of headers.
fn names<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    let mut names = Vec::<String>::deserialize(input)?;
    names.iter_mut().for_each(|name| name.make_ascii_lowercase());
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match names.iter().find(|name| name.is_empty() || !name.bytes().all(of_name)) {
        Some(bad) => Err(D::Error::custom(format!("`{bad}` is not the name of a header"))),
        None => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them() {
        let allowed = Cors::new(["https://App.example.com", "http://localhost:5173", "http://[::1]:80", "null"]);
        // The port of the scheme is never written.
        assert!(allowed.is_err());
        let cors = Cors::new(["https://App.example.com", "http://localhost:5173", "http://[::1]:8080"]).unwrap();
        assert!(cors.allows("https://app.example.com") && cors.allows("http://[::1]:8080"));
        assert!(!cors.allows("http://app.example.com") && !cors.allows("https://app.example.com:8443"));
        assert!(Cors::new(["*"]).unwrap().allows("x://y"));
        for bad in ["", "app.example.com", "https://", "https://a/b", "https://a:b", "https://a:443", "https://a b"] {
            assert!(Cors::new([bad]).is_err(), "{bad}");
        }
        assert!(Cors::new([""; 0]).is_err());
    }
}
