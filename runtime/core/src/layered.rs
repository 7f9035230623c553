//! One type for any stack of `tower` layers around a service of calls.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::task::{Context as Task, Poll};

use tower::Service;

use crate::error::Error;
use crate::service::{Answer, Call, Handling};

/// A service of calls, whatever layers it is made of.
pub struct Layered(Box<dyn Wrapped>);

/// A service whose type is not known.
trait Wrapped: Send + Sync {
    fn again(&self) -> Box<dyn Wrapped>;
    fn ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), Error>>;
    fn begin(&mut self, call: Call) -> Handling;
}

impl<S> Wrapped for S
where
    S: Service<Call, Response = Answer, Error: Into<Error>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    fn again(&self) -> Box<dyn Wrapped> {
        Box::new(self.clone())
    }

    fn ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), Error>> {
        self.poll_ready(task).map_err(Into::into)
    }

    fn begin(&mut self, call: Call) -> Handling {
        handling(self.call(call))
    }
}

/// The work of any service as that of a [`Layered`] one. What is in a box of that kind already stays in it.
pub fn handling<F, E>(work: F) -> Handling
where
    F: Future<Output = Result<Answer, E>> + Send + 'static,
    E: Into<Error>,
{
    let mut work = Some(work);
    if let Some(boxed) = (&mut work as &mut dyn Any).downcast_mut::<Option<Handling>>().and_then(Option::take) {
        return boxed;
    }
    Box::pin(async move {
        match work {
            Some(work) => work.await.map_err(Into::into),
            None => Err(Error::internal("a call whose work was taken")),
        }
    })
}

impl Layered {
    /// This service.
    pub fn new<S>(service: S) -> Self
    where
        S: Service<Call, Response = Answer, Error: Into<Error>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        Self(Box::new(service))
    }

    /// One call, once the layers are ready for it.
    pub fn oneshot(&self, call: Call) -> impl Future<Output = Result<Answer, Error>> + Send + 'static {
        let mut service = self.clone();
        async move {
            poll_fn(|task| service.0.ready(task)).await?;
            let handling = service.0.begin(call);
            // It may hold a place that it took to be ready.
            drop(service);
            handling.await
        }
    }
}

impl Clone for Layered {
    fn clone(&self) -> Self {
        Self(self.0.again())
    }
}

impl fmt::Debug for Layered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Layered")
    }
}

impl Service<Call> for Layered {
    type Response = Answer;
    type Error = Error;
    type Future = Handling;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), Error>> {
        self.0.ready(task)
    }

    fn call(&mut self, call: Call) -> Handling {
        self.0.begin(call)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::context::Context;
    use crate::limits::DecodeLimits;
    use crate::service::{Idl, Method};

    static METHOD: Method = Method::new(Idl::Thrift, "/S/M", 0);

    /// Answers with the number of its clones that are left while it works.
    #[derive(Clone)]
    struct Counted(Arc<()>);

    impl Service<Call> for Counted {
        type Response = Answer;
        type Error = Error;
        type Future = Handling;

        fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Call) -> Handling {
            let clones = Arc::downgrade(&self.0);
            Box::pin(async move { Ok(Answer::from(Bytes::from(vec![0; clones.strong_count()]))) })
        }
    }

    #[test]
    fn a_box_of_the_same_kind_is_not_boxed_again() {
        let boxed: Handling = Box::pin(std::future::ready(Ok(Answer::default())));
        let before: *const () = std::ptr::from_ref(&*boxed).cast();
        let after = handling(boxed);
        assert_eq!(before, std::ptr::from_ref(&*after).cast());
    }

    /// What a layer took to be ready and did not use is free again for other calls.
    #[tokio::test]
    async fn a_call_that_has_begun_holds_no_service() {
        let service = Layered::new(Counted(Arc::default()));
        let call = Call::new(&METHOD, Context::new(), Bytes::new(), DecodeLimits::default());
        assert_eq!(service.oneshot(call).await.unwrap().body.into_whole().unwrap().len(), 1);
    }
}
