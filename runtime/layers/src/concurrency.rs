//! A layer that limits how many calls are in work at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kiteline_core::error::{Code, Error};
use kiteline_core::service::{Call, Handling, Method};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tower::Layer;

use super::around::{Around, Guard, Inner, Policy, forward, guarded, is_health, refuse, take};
use super::methods::{Methods, PerMethod};

/// Limits how many calls are in work at once, streams of answers until their end: one more fails at once with
/// [`Code::ResourceExhausted`], or waits where there is a queue.
///
/// A server has such a limit for all calls (`in_flight` of `[limits]`); this one is for what is scarce behind some methods.
/// Calls of gRPC's health service are never counted.
///
/// ```
/// use kiteline_layers::ConcurrencyLimit;
///
/// let layer = ConcurrencyLimit::new(8).queue(100).only(["/reports.v1.Reports/*"]);
/// # let _ = layer;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is added"]
pub struct ConcurrencyLimit {
    most: usize,
    queue: usize,
    per_method: bool,
    only: Methods,
}

impl ConcurrencyLimit {
    /// So many calls at once, of all methods together. With 0 there are none.
    pub fn new(most: usize) -> Self {
        Self { most: most.min(Semaphore::MAX_PERMITS), queue: 0, per_method: false, only: Methods::default() }
    }

    /// Limits each method by itself.
    pub fn per_method(mut self) -> Self {
        self.per_method = true;
        self
    }

    /// How many calls wait for a place, the first one first, until their deadlines. Default 0.
    pub fn queue(mut self, most: usize) -> Self {
        self.queue = most;
        self
    }

    /// Limits these methods alone: `/package.Service/Method` (`/Service/Method` for Thrift), or `/package.Service/*`.
    pub fn only<P: AsRef<str>>(mut self, methods: impl IntoIterator<Item = P>) -> Self {
        self.only.add(methods);
        self
    }
}

impl<S> Layer<S> for ConcurrencyLimit {
    type Service = Around<Places, S>;

    fn layer(&self, inner: S) -> Self::Service {
        let all = Gate::new(self.most);
        Around::new(Places { limit: self.clone(), all, methods: PerMethod::default() }, inner)
    }
}

/// A [`ConcurrencyLimit`] with its places.
#[derive(Debug)]
pub struct Places {
    limit: ConcurrencyLimit,
    all: Arc<Gate>,
    methods: PerMethod<Arc<Gate>>,
}

/// The places that some calls share.
#[derive(Debug)]
struct Gate {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A place of a call in work.
struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Guard for Place {}

/// One of those that wait.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { places: Arc::new(Semaphore::new(most)), waiting: AtomicUsize::new(0) })
    }

    async fn wait(&self, queue: usize, method: &'static Method) -> Result<Place, Error> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= queue {
            return Err(full(method));
        }
        let permit = Arc::clone(&self.places).acquire_owned().await;
        permit.map(|permit| Place { _permit: permit }).map_err(|_| full(method))
    }
}

#[cold]
fn full(method: &'static Method) -> Error {
    Error::new(Code::ResourceExhausted, format!("too many calls of {} are in work", method.path))
}

impl Places {
    fn gate(&self, method: &'static Method) -> Arc<Gate> {
        if !self.limit.per_method {
            return Arc::clone(&self.all);
        }
        Arc::clone(&self.methods.of(method, || Gate::new(self.limit.most)))
    }
}

impl Policy for Places {
    fn call<S: Inner>(self: &Arc<Self>, call: Call, inner: &mut S) -> Handling {
        let (method, limit) = (call.method, &self.limit);
        if is_health(method) || !(limit.only.is_empty() || limit.only.has(method)) {
            return forward(call, inner);
        }
        let gate = self.gate(method);
        let permit = match Arc::clone(&gate.places).try_acquire_owned() {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits) if limit.queue > 0 && limit.most > 0 => {
                let (queue, mut inner) = (limit.queue, take(inner));
                return Box::pin(async move {
                    let place = gate.wait(queue, method).await?;
                    let work = inner.call(call);
                    drop(inner);
                    guarded(work.await.map_err(Into::into), place)
                });
            }
            Err(_) => return refuse(full(method)),
        };
        let work = inner.call(call);
        Box::pin(async move { guarded(work.await.map_err(Into::into), Place { _permit: permit }) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::{Context as Task, Poll, Waker};

    use kiteline_core::{Answer, Body, Context, Layered, Messages};
    use tokio::sync::oneshot;
    use tower::Service;

    use super::*;
    use crate::tests::{ADD, GET, call};

    /// Answers when it is told to.
    #[derive(Clone, Default)]
    struct Held(Arc<Mutex<Vec<oneshot::Sender<Body>>>>);

    impl Service<Call> for Held {
        type Response = Answer;
        type Error = Error;
        type Future = Handling;

        fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Call) -> Handling {
            let (sender, receiver) = oneshot::channel();
            self.0.lock().unwrap().push(sender);
            Box::pin(async move { Ok(Answer::from(receiver.await.map_err(|_| Error::internal("dropped"))?)) })
        }
    }

    impl Held {
        /// Lets the first call go.
        fn answer(&self, body: Body) {
            self.0.lock().unwrap().remove(0).send(body).unwrap();
        }

        fn count(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    /// A call that has begun.
    struct Begun(Handling);

    impl Begun {
        fn new(service: &Layered, method: &'static Method) -> Self {
            let mut begun = Self(Box::pin(service.oneshot(call(method, Context::new()))));
            assert!(begun.poll().is_none_or(|outcome| outcome.is_err()));
            begun
        }

        fn poll(&mut self) -> Option<Result<Answer, Error>> {
            match self.0.as_mut().poll(&mut Task::from_waker(Waker::noop())) {
                Poll::Ready(outcome) => Some(outcome),
                Poll::Pending => None,
            }
        }
    }

    fn refused(service: &Layered, method: &'static Method) -> bool {
        let mut handling: Handling = Box::pin(service.oneshot(call(method, Context::new())));
        let outcome = handling.as_mut().poll(&mut Task::from_waker(Waker::noop()));
        matches!(outcome, Poll::Ready(Err(error)) if error.code() == Code::ResourceExhausted)
    }

    #[test]
    fn one_call_too_many_fails_at_once() {
        let held = Held::default();
        let service = Layered::new(ConcurrencyLimit::new(2).layer(held.clone()));
        let (mut first, second) = (Begun::new(&service, &ADD), Begun::new(&service, &GET));
        assert!(refused(&service, &ADD) && held.count() == 2);
        drop(second);
        let third = Begun::new(&service, &ADD);
        assert!(refused(&service, &ADD) && held.count() == 3);
        held.answer(Body::default());
        assert!(first.poll().unwrap().is_ok());
        let fourth = Begun::new(&service, &ADD);
        assert!(refused(&service, &ADD) && held.count() == 3);
        drop((third, fourth));
    }

    #[test]
    fn a_stream_holds_its_place_until_its_end() {
        let held = Held::default();
        let service = Layered::new(ConcurrencyLimit::new(1).layer(held.clone()));
        for ends in [true, false] {
            let mut first = Begun::new(&service, &ADD);
            held.answer(Messages::once(bytes::Bytes::new()).into());
            let mut messages = first.poll().unwrap().unwrap().body.into_messages();
            drop(first);
            assert!(refused(&service, &ADD));
            let mut task = Task::from_waker(Waker::noop());
            assert!(matches!(messages.poll_message(&mut task), Poll::Ready(Some(Ok(_)))));
            assert!(refused(&service, &ADD));
            if ends {
                assert!(matches!(messages.poll_message(&mut task), Poll::Ready(None)));
            } else {
                drop(messages);
            }
            drop(Begun::new(&service, &ADD));
            assert_eq!(held.0.lock().unwrap().drain(..).count(), 1);
        }
    }

    #[test]
    fn so_many_wait_in_order() {
        let held = Held::default();
        let service = Layered::new(ConcurrencyLimit::new(1).queue(2).layer(held.clone()));
        let mut first = Begun::new(&service, &ADD);
        let (mut second, third) = (Begun::new(&service, &ADD), Begun::new(&service, &ADD));
        assert!(refused(&service, &ADD) && held.count() == 1);
        drop(third);
        let mut fourth = Begun::new(&service, &ADD);
        assert!(refused(&service, &ADD) && held.count() == 1);
        held.answer(Body::default());
        assert!(first.poll().unwrap().is_ok() && second.poll().is_none() && fourth.poll().is_none());
        assert_eq!(held.count(), 1, "the second call is in work");
        held.answer(Body::default());
        assert!(second.poll().unwrap().is_ok() && fourth.poll().is_none());
        assert_eq!(held.count(), 1);
    }

    #[test]
    fn methods_have_places_of_their_own() {
        let held = Held::default();
        let service = Layered::new(ConcurrencyLimit::new(1).per_method().layer(held.clone()));
        let _both = [Begun::new(&service, &ADD), Begun::new(&service, &GET)];
        assert!(refused(&service, &ADD) && refused(&service, &GET));
        let service = Layered::new(ConcurrencyLimit::new(0).queue(5).only([GET.path]).layer(held.clone()));
        let _call = Begun::new(&service, &ADD);
        assert!(refused(&service, &GET) && held.count() == 3);
    }
}
