//! Events: what happens in servers, channels and registries, for metrics, traces and logs.
//!
//! A [`Recorder`] is told of each [`Event`] where it happens. Without one nothing is timed and no event is made.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Code, Error};
use crate::service::Method;

/// The side of a call that tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The server that answers it.
    Server,
    /// The client that makes it.
    Client,
}

/// Something that happened. New ones may come.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A server accepted a connection.
    Connected {
        /// The other side.
        peer: SocketAddr,
    },
    /// A connection that a server accepted has ended.
    Disconnected {
        /// The other side.
        peer: SocketAddr,
    },
    /// A call began: a server admitted it, a client is about to send it.
    CallBegun {
        /// Who says so.
        side: Side,
        /// The method.
        method: &'static Method,
        /// The other side, where it is known.
        peer: Option<SocketAddr>,
    },
    /// A call that began has ended.
    CallEnded {
        /// Who says so.
        side: Side,
        /// The method.
        method: &'static Method,
        /// The other side, where it is known.
        peer: Option<SocketAddr>,
        /// `None` for success; [`Code::Cancelled`] when it was given up.
        error: Option<&'a Error>,
        /// From its beginning to its end.
        took: Duration,
    },
    /// A channel takes an instance out of its choices for a time, because calls to it failed.
    InstanceLeftOut {
        /// The service's name in the registry.
        service: &'a str,
        /// The instance's id.
        instance: &'a str,
    },
    /// An instance that was left out is chosen again.
    InstanceBack {
        /// The service's name in the registry.
        service: &'a str,
        /// The instance's id.
        instance: &'a str,
    },
    /// A channel sees another list of instances.
    InstancesChanged {
        /// The service's name in the registry.
        service: &'a str,
        /// How many there are.
        instances: usize,
    },
    /// A server stands in its registry.
    Registered {
        /// The names of its services there.
        services: &'a [String],
    },
    /// A server stands no longer in its registry, and will again as soon as it can.
    RegistrationLost {
        /// The names of its services there.
        services: &'a [String],
    },
    /// A server has left its registry of its own accord: on its way out, or for a pause.
    Deregistered {
        /// The names of its services there.
        services: &'a [String],
    },
}

/// A listener for events, such as metrics, traces or logs. Called where they happen, by many threads at once: it should
/// return at once.
pub trait Recorder: Send + Sync + 'static {
    /// Tells of an event.
    fn record(&self, event: &Event<'_>);
}

/// The recorders of a server or a channel; none by default.
#[derive(Clone, Default)]
pub struct Recorders(Option<Arc<Vec<Arc<dyn Recorder>>>>);

impl fmt::Debug for Recorders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorders({})", self.0.as_ref().map_or(0, |all| all.len()))
    }
}

impl Recorders {
    /// Adds one.
    pub fn add(&mut self, recorder: Arc<dyn Recorder>) {
        Arc::make_mut(self.0.get_or_insert_default()).push(recorder);
    }

    /// Whether there is any.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Tells all of them of an event, which is made only when there is one.
    #[inline]
    pub fn record<'a>(&self, event: impl FnOnce() -> Event<'a>) {
        if let Some(all) = &self.0 {
            tell(all, &event());
        }
    }

    /// Tells that a call began; `None` without recorders. Whoever has it tells of the end by [`Recorders::end`].
    #[inline]
    pub fn begin(&self, side: Side, method: &'static Method, peer: Option<SocketAddr>) -> Option<Begun> {
        self.begin_at(side, method, peer, None)
    }

    /// The same for a call that is timed from `start`, where a clock was looked at already.
    #[inline]
    pub fn begin_at(
        &self,
        side: Side,
        method: &'static Method,
        peer: Option<SocketAddr>,
        start: Option<Instant>,
    ) -> Option<Begun> {
        let all = self.0.as_ref()?;
        tell(all, &Event::CallBegun { side, method, peer });
        Some(Begun { side, method, peer, start: start.unwrap_or_else(Instant::now) })
    }

    /// Tells how a call ended that began with these recorders.
    pub fn end(&self, begun: Begun, error: Option<&Error>) {
        let Begun { side, method, peer, start } = begun;
        self.record(|| Event::CallEnded { side, method, peer, error, took: start.elapsed() });
    }

    /// Tells of a call's beginning as [`Recorders::begin`] does, and of its end when that is dropped at the latest.
    #[inline]
    pub fn timed(&self, side: Side, method: &'static Method, peer: Option<SocketAddr>) -> Option<Timed<'_>> {
        self.begin(side, method, peer).map(|begun| Timed { recorders: self, begun: Some(begun) })
    }
}

fn tell(all: &[Arc<dyn Recorder>], event: &Event<'_>) {
    all.iter().for_each(|recorder| recorder.record(event));
}

/// A call that has begun. It holds no recorders: a count of who holds them would be written by all threads for each call.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    side: Side,
    method: &'static Method,
    peer: Option<SocketAddr>,
    start: Instant,
}

/// A call that is timed for recorders. Dropped before [`Timed::end`] it was given up.
#[derive(Debug)]
pub struct Timed<'a> {
    recorders: &'a Recorders,
    begun: Option<Begun>,
}

impl Timed<'_> {
    /// Tells how the call ended.
    pub fn end(mut self, error: Option<&Error>) {
        self.begun.take().into_iter().for_each(|begun| self.recorders.end(begun, error));
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        self.begun.take().into_iter().for_each(|begun| self.recorders.end(begun, Some(&given_up())));
    }
}

/// The error of a call that was given up.
#[cold]
pub fn given_up() -> Error {
    Error::new(Code::Cancelled, "the call was given up")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::service::Idl;

    static METHOD: Method = Method::new(Idl::Thrift, "/S/M", 0);

    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);

    impl Recorder for Seen {
        fn record(&self, event: &Event<'_>) {
            let text = match event {
                Event::CallBegun { method, .. } => format!("begun {}", method.path),
                Event::CallEnded { error: None, .. } => "ended".to_owned(),
                Event::CallEnded { error: Some(error), .. } => format!("{:?}", error.code()),
                other => format!("{other:?}"),
            };
            self.0.lock().unwrap().push(text);
        }
    }

    #[test]
    fn a_call_is_told_once_however_it_ends() {
        let seen = Arc::new(Seen::default());
        let mut recorders = Recorders::default();
        recorders.add(Arc::<Seen>::clone(&seen));
        let begin = || recorders.timed(Side::Server, &METHOD, None).unwrap();
        begin().end(None);
        begin().end(Some(&Error::not_found("x")));
        drop(begin());
        recorders.record(|| Event::InstancesChanged { service: "add", instances: 2 });
        let begun = "begun /S/M";
        let changed = "InstancesChanged { service: \"add\", instances: 2 }";
        assert_eq!(*seen.0.lock().unwrap(), [begun, "ended", begun, "NotFound", begun, "Cancelled", changed]);
    }

    #[test]
    fn a_call_is_timed_from_the_clock_that_was_looked_at() {
        struct Took(Mutex<Duration>);
        impl Recorder for Took {
            fn record(&self, event: &Event<'_>) {
                if let Event::CallEnded { took, .. } = event {
                    *self.0.lock().unwrap() = *took;
                }
            }
        }
        let (seen, mut recorders) = (Arc::new(Took(Mutex::default())), Recorders::default());
        recorders.add(Arc::<Took>::clone(&seen));
        let hour = Duration::from_secs(3600);
        // A clock that began less than an hour ago has no such time.
        let Some(start) = Instant::now().checked_sub(hour) else { return };
        recorders.end(recorders.begin_at(Side::Server, &METHOD, None, Some(start)).unwrap(), None);
        assert!(*seen.0.lock().unwrap() >= hour);
        recorders.end(recorders.begin(Side::Server, &METHOD, None).unwrap(), None);
        assert!(*seen.0.lock().unwrap() < hour);
    }

    #[test]
    fn without_recorders_nothing_is_made() {
        let recorders = Recorders::default();
        assert!(recorders.is_empty() && recorders.begin(Side::Client, &METHOD, None).is_none());
        recorders.record(|| unreachable!("nobody listens"));
    }
}
