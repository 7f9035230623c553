//! The registered claims of a token (RFC 7519, section 4.1), and what is asked of them.

use std::time::Duration;

use serde::Deserialize;

/// The claims that decide whether a token is taken. One of another type makes the token malformed.
#[derive(Deserialize)]
pub(super) struct Registered {
    /// Seconds since 1970, fractions allowed.
    #[serde(default)]
    exp: Option<f64>,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    aud: Option<Audience>,
    #[serde(default)]
    iss: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(name) => name == audience,
            Self::Several(names) => names.iter().any(|name| name == audience),
        }
    }
}

/// What is asked of the claims of a token.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) audience: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) leeway: Duration,
}

impl Default for Expected {
    fn default() -> Self {
        Self { audience: None, issuer: None, leeway: Duration::from_secs(60) }
    }
}

impl Expected {
    /// Says why a token is not taken.
    pub(super) fn check(&self, claims: &Registered, now: u64) -> Result<(), &'static str> {
        let (now, leeway) = (now as f64, self.leeway.as_secs_f64());
        let Some(expires) = claims.exp else { return Err("the token does not say when it expires") };
        if now >= expires + leeway {
            return Err("the token has expired");
        }
        if claims.nbf.is_some_and(|begins| begins > now + leeway) {
            return Err("the token is not valid yet");
        }
        match (&self.audience, &claims.aud) {
            (None, None) => {}
            (Some(wanted), Some(named)) if named.names(wanted) => {}
            _ => return Err("the token is for another audience"),
        }
        if self.issuer.is_some() && self.issuer != claims.iss {
            return Err("the token is of another issuer");
        }
        Ok(())
    }
}
