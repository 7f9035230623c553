//! A layer that lets calls pass whose caller is known.

use std::any::type_name;
use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use kiteline_core::context::Context;
use kiteline_core::error::{Code, Error};
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Call, Handling, Method};
use tower::Layer;

use super::around::{Around, Inner, Policy, forward, is_health, take};
use super::methods::Methods;

/// The reason of a refusal, for programs; Kratos' servers state the same.
const REASON: &str = "UNAUTHORIZED";

/// Says who makes a call.
///
/// A function from the method and the call's context is one; [`bearer`] takes the token out of it:
///
/// ```
/// use kiteline_core::{Context, Error, Method};
/// use kiteline_layers::{Authentication, bearer, unauthenticated};
///
/// struct User(&'static str);
///
/// let layer = Authentication::new(|_: &'static Method, cx: &Context| match bearer(cx)? {
///     "s3cret" => Ok(User("ann")),
///     _ => Err(unauthenticated("the token is not known")),
/// });
/// let layer = layer.except(["/users.v1.Users/Login"]).allow(|user, method| user.0 == "ann" || method.name == "Get");
/// # fn handler(cx: &Context) -> Option<&'static str> {
/// cx.value::<User>().map(|user| user.0) // in a handler
/// # }
/// # let _ = layer;
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// What handlers learn of the caller, by [`Context::value`].
    type Identity: Send + Sync + 'static;

    /// Who calls; `cx` has the call's metadata, its peer and its certificate.
    ///
    /// # Errors
    ///
    /// [`Code::Unauthenticated`] for a caller that is not known ([`unauthenticated`]), [`Code::PermissionDenied`] for one that
    /// may not; or any other.
    fn authenticate(
        &self,
        method: &'static Method,
        cx: &Context,
    ) -> impl Future<Output = Result<Self::Identity, Error>> + Send;
}

impl<F, I> Authenticate for F
where
    F: Fn(&'static Method, &Context) -> Result<I, Error> + Send + Sync + 'static,
    I: Send + Sync + 'static,
{
    type Identity = I;

    fn authenticate(&self, method: &'static Method, cx: &Context) -> impl Future<Output = Result<I, Error>> + Send {
        ready(self(method, cx))
    }
}

/// The token of `authorization: Bearer …` in a call's metadata, whatever its protocol.
///
/// # Errors
///
/// [`Code::Unauthenticated`] without one.
pub fn bearer(cx: &Context) -> Result<&str, Error> {
    let Some(credentials) = cx.get("authorization") else {
        return Err(unauthenticated("the call has no token: send `authorization: Bearer …`"));
    };
    match credentials.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => Err(unauthenticated("the authorization of the call is not `Bearer …`")),
    }
}

/// [`Code::Unauthenticated`], with the header that HTTP asks for beside it (RFC 6750, section 3).
pub fn unauthenticated(text: impl Into<String>) -> Error {
    let headers = Metadata::from_iter([("www-authenticate", "Bearer")]);
    Error::new(Code::Unauthenticated, text).with_reason(REASON).with_metadata(headers, Metadata::new())
}

type Allows<I> = Arc<dyn Fn(&I, &'static Method) -> bool + Send + Sync>;

/// Lets calls pass whose caller an [`Authenticate`] knows; all others fail with what that says, in most cases
/// [`Code::Unauthenticated`].
///
/// Calls of gRPC's health service need nobody: Kubernetes has no token.
#[must_use = "a layer does nothing until it is added"]
pub struct Authentication<A: Authenticate> {
    authenticate: Arc<A>,
    except: Methods,
    allows: Option<Allows<A::Identity>>,
}

impl<A: Authenticate> Clone for Authentication<A> {
    fn clone(&self) -> Self {
        let (authenticate, except, allows) = (Arc::clone(&self.authenticate), self.except.clone(), self.allows.clone());
        Self { authenticate, except, allows }
    }
}

impl<A: Authenticate> fmt::Debug for Authentication<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authentication({}, except {:?})", type_name::<A>(), self.except)
    }
}

impl<A: Authenticate> Authentication<A> {
    /// Asks this who calls.
    pub fn new(authenticate: A) -> Self {
        Self { authenticate: Arc::new(authenticate), except: Methods::default(), allows: None }
    }

    /// Methods that anybody may call: `/package.Service/Method` (`/Service/Method` for Thrift), or `/package.Service/*`.
    pub fn except<P: AsRef<str>>(mut self, methods: impl IntoIterator<Item = P>) -> Self {
        self.except.add(methods);
        self
    }

    /// Says what a caller that is known may call; anything else fails with [`Code::PermissionDenied`].
    pub fn allow(mut self, allows: impl Fn(&A::Identity, &'static Method) -> bool + Send + Sync + 'static) -> Self {
        self.allows = Some(Arc::new(allows));
        self
    }

    async fn check(&self, call: &mut Call) -> Result<(), Error> {
        let (method, cx) = (call.method, &call.cx);
        let identity = self.authenticate.authenticate(method, cx).await?;
        if self.allows.as_ref().is_some_and(|allows| !allows(&identity, method)) {
            let text = format!("the caller may not call {}", method.path);
            return Err(Error::new(Code::PermissionDenied, text));
        }
        call.cx.set_value(identity);
        Ok(())
    }
}

impl<A: Authenticate, S> Layer<S> for Authentication<A> {
    type Service = Around<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Around::new(self.clone(), inner)
    }
}

impl<A: Authenticate> Policy for Authentication<A> {
    fn call<S: Inner>(self: &Arc<Self>, mut call: Call, inner: &mut S) -> Handling {
        if is_health(call.method) || self.except.has(call.method) {
            return forward(call, inner);
        }
        let (this, mut inner) = (Arc::clone(self), take(inner));
        Box::pin(async move {
            this.check(&mut call).await?;
            let work = inner.call(call);
            drop(inner);
            work.await.map_err(Into::into)
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kiteline_core::service::Answer;

    use super::*;
    use crate::tests::{ADD, GET, around, called};

    struct User(String);

    fn known(_: &'static Method, cx: &Context) -> Result<User, Error> {
        match bearer(cx)? {
            name @ ("ann" | "bob") => Ok(User(name.to_owned())),
            _ => Err(unauthenticated("nobody knows you")),
        }
    }

    fn named(call: Call) -> Result<Answer, Error> {
        let name = call.cx.value::<User>().map_or("nobody", |user| &user.0);
        Ok(Answer::from(Bytes::copy_from_slice(name.as_bytes())))
    }

    fn with(authorization: &str) -> Context {
        Context::new().with_header("Authorization", authorization)
    }

    #[tokio::test]
    async fn handlers_know_who_calls() {
        let layer = Authentication::new(known).except(["/kites.v1.Kites/*"]);
        let mut service = around(&layer, named);
        let answer = called(&mut service, &ADD, with("Bearer ann")).await.unwrap();
        assert_eq!(answer.body.as_whole().unwrap(), "ann");
        let answer = called(&mut service, &GET, Context::new()).await.unwrap();
        assert_eq!(answer.body.as_whole().unwrap(), "nobody");
    }

    #[tokio::test]
    async fn callers_that_are_not_known_do_not_reach_a_handler() {
        let mut service = around(&Authentication::new(known), |_| unreachable!("it was refused"));
        for (authorization, text) in [
            ("Bearer eve", "nobody knows you"),
            ("Basic ann", "the authorization of the call is not `Bearer …`"),
            ("Bearer", "the authorization of the call is not `Bearer …`"),
            ("Bearer  ", "the authorization of the call is not `Bearer …`"),
        ] {
            let error = called(&mut service, &ADD, with(authorization)).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (Code::Unauthenticated, text));
            assert_eq!((error.reason(), error.metadata().get("www-authenticate")), (REASON, Some("Bearer")));
        }
        let error = called(&mut service, &ADD, Context::new()).await.unwrap_err();
        assert_eq!(error.message(), "the call has no token: send `authorization: Bearer …`");
    }

    #[tokio::test]
    async fn who_is_known_may_not_do_everything() {
        let layer = Authentication::new(known).allow(|user, method| user.0 == "ann" || method.name == "Get");
        let mut service = around(&layer, named);
        assert!(called(&mut service, &ADD, with("bearer ann")).await.is_ok());
        assert!(called(&mut service, &GET, with("bearer bob")).await.is_ok());
        let error = called(&mut service, &ADD, with("bearer bob")).await.unwrap_err();
        assert_eq!(error.to_string(), "PermissionDenied: the caller may not call /AddService/Add");
    }

    /// An authority that is asked over a connection.
    #[tokio::test]
    async fn an_authority_may_be_awaited() {
        struct Remote;

        impl Authenticate for Remote {
            type Identity = User;

            async fn authenticate(&self, method: &'static Method, _: &Context) -> Result<User, Error> {
                tokio::task::yield_now().await;
                Ok(User(method.name.to_owned()))
            }
        }

        let mut service = around(&Authentication::new(Remote), named);
        let answer = called(&mut service, &ADD, Context::new()).await.unwrap();
        assert_eq!(answer.body.as_whole().unwrap(), "Add");
    }
}
