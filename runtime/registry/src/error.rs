//! Errors of a registry handle. A registry that is away is none
//! of these: that is a state, told by snapshots and by the status of a registration.

use std::time::Duration;

use super::url::UrlError;
use kiteline_core::error::Code;

/// An error of a registry handle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The registry's URL cannot be used; the text shows the place. Never holds a password.
    #[error("{0}")]
    Url(Box<UrlError>),
    /// A file that a setting names cannot be used.
    #[error("{setting} names {path}, which cannot be used: {why}")]
    File {
        /// The setting, such as `ca` of the registry's URL, or a variable.
        setting: &'static str,
        /// The file.
        path: String,
        /// The reason.
        why: String,
    },
    /// A service name that no registry takes.
    #[error("the service name `{name}` {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The same service twice in one registration.
    #[error("the service name `{0}` is registered twice by this process; set another under [names]")]
    Duplicate(String),
    /// Something of an instance cannot be written down.
    #[error("the instance of `{service}` cannot be registered: {why}")]
    Instance {
        /// The service.
        service: String,
        /// What is wrong with it.
        why: String,
    },
    /// Called outside of a tokio runtime, whose tasks do the work.
    #[error("a registry needs a tokio runtime: call it inside #[tokio::main] or #[tokio::test]")]
    NoRuntime,
    /// A server that is to start only when it is registered was not in time.
    #[error("{services} could not be registered within {waited:?}: {why}")]
    NotRegistered {
        /// The services.
        services: String,
        /// How long was waited.
        waited: Duration,
        /// What was last seen of the registry.
        why: String,
    },
    /// What stands in it could not be listed.
    #[error("{source_text} cannot be listed: {why}")]
    NotListed {
        /// The registry.
        source_text: String,
        /// The reason.
        why: String,
    },
    /// The first list did not arrive in time.
    #[error("nothing is known yet of service `{service}` after {waited:.1?}; asked {source_text}{}", because(.why.as_deref()))]
    NotReady {
        /// The service.
        service: String,
        /// How long was waited.
        waited: Duration,
        /// The registry and the place in it.
        source_text: String,
        /// Why the registry could not be asked, where that is known.
        why: Option<String>,
    },
}

fn because(why: Option<&str>) -> String {
    why.map(|why| format!(", which is away: {why}")).unwrap_or_default()
}

impl From<Error> for kiteline_core::Error {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::NotReady { .. } | Error::NotRegistered { .. } | Error::NotListed { .. } => Code::Unavailable,
            Error::NoRuntime => Code::FailedPrecondition,
            _ => Code::InvalidArgument,
        };
        kiteline_core::Error::new(code, error.to_string())
    }
}
