//! JSON Web Tokens (RFC 7519) that are signed (RFC 7515): checked, and made.
//!
//! A [`Jwt`] has one algorithm and one key. What a token says of its algorithm is only compared with that, so that neither `none`
//! nor another algorithm ever decides how it is checked. The signatures are ring's.

mod keys;
mod registered;

use std::fmt;
use std::future::{Future, ready};
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use kiteline_core::base64;
use kiteline_core::context::Context;
use kiteline_core::error::Error;
use kiteline_core::service::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::authentication::{Authenticate, bearer, unauthenticated};
use keys::Key;
use registered::{Expected, Registered};

/// Bytes of the longest token that is looked at.
const LONGEST: usize = 16 << 10;

/// Checks and signs JSON Web Tokens with one algorithm and one key; `C` are their claims.
///
/// ```
/// use std::time::Duration;
///
/// use kiteline_layers::Authentication;
/// use kiteline_layers::jwt::{Claims, Jwt};
///
/// # fn main() -> Result<(), kiteline_core::Error> {
/// let jwt = Jwt::hs256("a secret of at least 32 characters")?.issuer("users");
/// let token = jwt.sign(&Claims::new("ann", Duration::from_secs(3600)))?;
/// assert_eq!(jwt.check(&token)?.sub, "ann");
///
/// let layer = Authentication::new(jwt).except(["/users.v1.Users/Login"]);
/// // in a handler: cx.value::<Claims>()
/// # let _ = layer;
/// # Ok(())
/// # }
/// ```
pub struct Jwt<C = Claims> {
    key: Key,
    expected: Expected,
    claims: PhantomData<fn() -> C>,
}

impl<C> Clone for Jwt<C> {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), expected: self.expected.clone(), claims: PhantomData }
    }
}

/// Without its key.
impl<C> fmt::Debug for Jwt<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwt({}, {:?})", self.key.algorithm(), self.expected)
    }
}

/// The claims that most tokens have. Tokens may have others too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// Whose token it is.
    pub sub: String,
    /// When it expires: seconds since 1970.
    pub exp: u64,
}

impl Claims {
    /// Claims of a token that is valid for so long from now on.
    pub fn new(subject: impl Into<String>, valid: Duration) -> Self {
        Self { sub: subject.into(), exp: now().saturating_add(valid.as_secs()) }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood; none is.
    #[serde(default)]
    crit: Option<Value>,
}

impl Jwt {
    /// HMAC with SHA-256: who checks tokens can make them.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`](kiteline_core::Code::InvalidArgument) for a secret without any character. One with less than 32,
    /// which RFC 7518 asks for, is logged.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, Error> {
        Key::hs256(secret.as_ref()).map(Self::of)
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256. Of a public key (PEM, `PUBLIC KEY`) it checks tokens; of a private one (`PRIVATE KEY`,
    /// `RSA PRIVATE KEY`) it signs them too. Keys have 2048 bits at least.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`](kiteline_core::Code::InvalidArgument) for what is not such a key.
    pub fn rs256(pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        Key::rs256(pem.as_ref()).map(Self::of)
    }

    /// ECDSA on P-256 with SHA-256; keys as [`Jwt::rs256`] takes them, private ones as PKCS#8 alone.
    ///
    /// # Errors
    ///
    /// As [`Jwt::rs256`].
    pub fn es256(pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        Key::es256(pem.as_ref()).map(Self::of)
    }

    fn of(key: Key) -> Self {
        Self { key, expected: Expected::default(), claims: PhantomData }
    }
}

impl<C> Jwt<C> {
    /// Reads other claims out of tokens, a type of yours or `serde_json::Value`.
    #[must_use]
    pub fn claims<D: DeserializeOwned>(self) -> Jwt<D> {
        Jwt { key: self.key, expected: self.expected, claims: PhantomData }
    }

    /// Who tokens are for: one must name it in `aud`. Without this, a token with an `aud` is refused.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.expected.audience = Some(audience.into());
        self
    }

    /// Who makes tokens: one must name it in `iss`. Default: anybody with the key.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.expected.issuer = Some(issuer.into());
        self
    }

    /// How far the clocks of who makes tokens and who checks them may be apart. Default 60 s.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.expected.leeway = leeway;
        self
    }

    /// Makes a token of claims, with the audience and the issuer of this where they have none.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`](kiteline_core::Code::InvalidArgument) for claims that are not an object with an `exp`, and for a
    /// public key.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, Error> {
        let unfit = |why: &dyn fmt::Display| Error::invalid(format!("the claims cannot be a token: {why}"));
        let mut claims = serde_json::to_value(claims).map_err(|error| unfit(&error))?;
        let Some(object) = claims.as_object_mut() else { return Err(unfit(&"they are not an object")) };
        if !object.get("exp").is_some_and(Value::is_number) {
            return Err(unfit(&"they have no `exp`, when it expires"));
        }
        for (name, value) in [("aud", &self.expected.audience), ("iss", &self.expected.issuer)] {
            if let Some(value) = value {
                object.entry(name).or_insert_with(|| value.as_str().into());
            }
        }
        let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, self.key.algorithm());
        let mut token = encode(header.as_bytes()) + "." + &encode(claims.to_string().as_bytes());
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        token.push_str(&encode(&signature));
        Ok(token)
    }
}

impl<C: DeserializeOwned> Jwt<C> {
    /// The claims of a token that is sound: signed with this key by this algorithm, in time, for this audience, by this issuer.
    ///
    /// # Errors
    ///
    /// [`Code::Unauthenticated`](kiteline_core::Code::Unauthenticated) for any other.
    pub fn check(&self, token: &str) -> Result<C, Error> {
        self.check_at(token, now())
    }

    fn check_at(&self, token: &str, now: u64) -> Result<C, Error> {
        let malformed = || unauthenticated("the token is malformed");
        if token.len() > LONGEST || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Err(malformed());
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let header: Header = decode(header).and_then(|json| object(&json)).ok_or_else(malformed)?;
        if header.alg != self.key.algorithm() || header.crit.is_some() {
            return Err(unauthenticated("the token is signed by an algorithm that is not taken here"));
        }
        let signature = decode(signature).ok_or_else(malformed)?;
        if !self.key.verifies(signed.as_bytes(), &signature) {
            return Err(unauthenticated("the token is signed with another key, or was changed"));
        }
        let claims = decode(claims).ok_or_else(malformed)?;
        let registered: Registered = object(&claims).ok_or_else(malformed)?;
        self.expected.check(&registered, now).map_err(unauthenticated)?;
        serde_json::from_slice(&claims).map_err(|_| unauthenticated("the token has other claims than are needed here"))
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Authenticate for Jwt<C> {
    type Identity = C;

    fn authenticate(&self, _: &'static Method, cx: &Context) -> impl Future<Output = Result<C, Error>> + Send {
        ready(bearer(cx).and_then(|token| self.check(token)))
    }
}

/// An object of JSON; of an array, serde would make a struct too.
fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let json = Some(json).filter(|json| json.trim_ascii_start().starts_with(b"{"));
    serde_json::from_slice(json?).ok()
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Base64 of URLs (RFC 4648, section 5), without padding.
fn encode(bytes: &[u8]) -> String {
    base64::encode(bytes).replace('+', "-").replace('/', "_")
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(['+', '/', '=']) {
        return None;
    }
    base64::decode(&text.replace('-', "+").replace('_', "/")).map(Into::into)
}

#[cfg(test)]
mod tests;
