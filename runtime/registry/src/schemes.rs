//! The table of registries: which one is meant by the scheme of a URL.

use super::backend::Backend;
use super::error::Error;
use super::password::Password;
use super::url::Url;
use super::{fixed, memory};

/// A kind of registry, and how a URL of its scheme opens one.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// The part before the colon, such as `etcd`.
    pub name: &'static str,
    /// The form of its URLs, for errors about others: `etcd://host:2379`.
    pub form: &'static str,
    /// Whether a process that opens one URL several times has one registry: it has one connection and
    /// one watch of each service then.
    pub shared: bool,
    /// Opens it. Connects to nothing: a registry that is away is a state, not an error.
    pub open: fn(&Url<'_>) -> Result<Box<dyn Backend>, Error>,
}

/// The schemes of this build.
#[cfg(feature = "etcd")]
pub(super) const BUILT_IN: [Scheme; 6] =
    [super::etcd::ETCD, super::etcd::ETCDS, DEV, fixed::STATIC, memory::MEMORY, fixed::NONE];
#[cfg(not(feature = "etcd"))]
pub(super) const BUILT_IN: [Scheme; 6] = [
    absent("etcd", "etcd://host:2379"),
    absent("etcds", "etcds://host:2379"),
    absent("dev", "dev"),
    fixed::STATIC,
    memory::MEMORY,
    fixed::NONE,
];

#[cfg(feature = "dev")]
const DEV: Scheme = super::dev::DEV;
#[cfg(all(feature = "etcd", not(feature = "dev")))]
const DEV: Scheme = absent("dev", "dev");

/// A scheme whose feature is off.
#[cfg(not(feature = "dev"))]
const fn absent(name: &'static str, form: &'static str) -> Scheme {
    Scheme { name, form, shared: false, open: |url| Err(Error::Url(not_built(url))) }
}

#[cfg(not(feature = "dev"))]
fn not_built(url: &Url<'_>) -> Box<super::url::UrlError> {
    let (what, feature) = match url.scheme() {
        "dev" => ("embedded registry", "dev"),
        _ => ("etcd", "etcd"),
    };
    url.error(url.scheme(), format!("this build has no {what}; add the feature `{feature}` of `runtime`"))
}

/// The scheme that a URL names.
///
/// # Errors
///
/// For another one; the text lists those that there are.
pub(super) fn find<'s>(url: &Url<'_>, schemes: &'s [Scheme]) -> Result<&'s Scheme, Error> {
    let found = schemes.iter().find(|scheme| scheme.name == url.scheme());
    found.ok_or_else(|| {
        let forms: Vec<_> = schemes.iter().map(|scheme| scheme.form).collect();
        let (last, others) = forms.split_last().unwrap_or((&"", &[]));
        Error::Url(url.error(url.scheme(), format!("a registry is one of {} or {last}", others.join(", "))))
    })
}

/// The variable of the environment that holds an etcd password when the URL has a user and no password.
pub(super) const PASSWORD: &str = "KITELINE_ETCD_PASSWORD";
/// A file that holds the password, looked for after [`PASSWORD`].
pub(super) const PASSWORD_FILE: &str = "KITELINE_ETCD_PASSWORD_FILE";

/// The password that the environment holds.
pub(super) fn password_of_environment() -> Option<Password> {
    let text = std::env::var(PASSWORD).ok().map(Password::Text);
    text.or_else(|| std::env::var_os(PASSWORD_FILE).map(|path| Password::File(path.into())))
}
