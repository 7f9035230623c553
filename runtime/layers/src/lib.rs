//! Middleware that is ready: `tower` layers around the calls of a server or a channel, whatever their protocol.
//!
//! ```no_run
//! # async fn run(users: impl runtime::Service) -> runtime::Result<()> {
//! use runtime::layers::{Logging, RateLimit, RequestId};
//!
//! runtime::Server::new(runtime::Config::from_env()?)
//!     .layer(RequestId::new()) // the layer that is added first sees a call first
//!     .layer(Logging::new())
//!     .layer(RateLimit::per_second(1000.0).per_peer())
//!     .add(users)
//!     .run()
//!     .await
//! # }
//! ```
//!
//! | items | are |
//! |---|---|
//! | [`RequestId`], [`Logging`] | an id and a line for each call |
//! | [`Authentication`], [`Authenticate`], [`bearer`], [`unauthenticated`] | who calls, and what it may |
//! | [`RateLimit`], [`MethodRates`], [`ConcurrencyLimit`], [`Timeout`] | how many calls per second, how many at once, how long each |
//! | `jwt` | JSON Web Tokens, with the feature `jwt` |
//! | [`Policy`], [`PolicyLayer`], [`Around`], [`Inner`] | what these are made of, and yours may be |

mod around;
mod authentication;
mod concurrency;
mod exhausted;
mod gcra;
#[cfg(feature = "jwt")]
pub mod jwt;
mod keys;
mod logging;
mod method_rates;
mod methods;
mod rate_limit;
mod request_id;
mod timeout;

#[cfg(test)]
mod tests;

pub use around::{Around, Inner, Policy, PolicyLayer};
pub use authentication::{Authenticate, Authentication, bearer, unauthenticated};
pub use concurrency::{ConcurrencyLimit, Places};
pub use logging::Logging;
pub use method_rates::MethodRates;
pub use rate_limit::{Limiter, RateLimit};
pub use request_id::RequestId;
pub use timeout::Timeout;
