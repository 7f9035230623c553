//! One task for all of an HTTP/2 connection: hyper's connection, what its streams do, and one write for what came of both.
//!
//! hyper hands the futures of a connection's streams to an executor, and writes as it goes. Where those are tasks of their own,
//! every call costs wake-ups between threads that take turns with the connection's lock, and a write. Here a connection is
//! polled in turns: the connection, the futures that it handed over, the connection again, until nothing is left
//! to do at once; then everything that was written goes out together.

mod gathered;
mod wake;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, Waker};

use futures_util::stream::{FuturesUnordered, Stream as _};
use hyper::rt::Executor;
use tokio::io::AsyncWrite;

pub use self::gathered::{Gathered, Gathering, gather};
use self::wake::Turn;
use kiteline_core::lock::lock;

/// Turns in a row, before others have theirs.
const MOST: usize = 32;

/// A future that a connection handed over.
pub type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where a connection hands the futures of its streams over.
#[derive(Clone, Default)]
pub struct Jobs(Arc<Mutex<Vec<Job>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Jobs {
    fn execute(&self, job: F) {
        lock(&self.0).push(Box::pin(job));
    }
}

impl Jobs {
    fn take(&self, into: &mut Vec<Job>) {
        std::mem::swap(&mut *lock(&self.0), into);
    }
}

/// What becomes of the futures that were handed over.
pub trait Streams {
    /// Polls those that are new, and others that can go on; gives whether there was one.
    fn advance(&mut self, new: &mut Vec<Job>, task: &mut Task<'_>) -> bool;

    /// Whether none is left here.
    fn is_empty(&self) -> bool;
}

/// Keeps every future in the connection's task: for clients, whose streams wait for the peer and do nothing else.
#[derive(Default)]
pub struct Kept(FuturesUnordered<Job>);

impl Streams for Kept {
    fn advance(&mut self, new: &mut Vec<Job>, task: &mut Task<'_>) -> bool {
        let mut any = !new.is_empty();
        self.0.extend(new.drain(..));
        while let Poll::Ready(Some(())) = pin!(&mut self.0).poll_next(task) {
            any = true;
        }
        any
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Polls a future once where it stands, and gives it to `later` when it has to wait: for servers, whose handlers
/// may do anything. A panic ends the one future.
pub struct Begun<F>(pub F);

impl<F: FnMut(Job)> Streams for Begun<F> {
    fn advance(&mut self, new: &mut Vec<Job>, _: &mut Task<'_>) -> bool {
        let any = !new.is_empty();
        for mut job in new.drain(..) {
            // Whoever goes on with it polls it again, with a waker of its own.
            let mut task = Task::from_waker(Waker::noop());
            let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job.as_mut().poll(&mut task)));
            if matches!(polled, Ok(Poll::Pending)) {
                (self.0)(job);
            }
        }
        any
    }

    fn is_empty(&self) -> bool {
        true
    }
}

/// A connection, driven in turns.
pub struct Driven<C: Future, S, I> {
    connection: Pin<Box<C>>,
    /// What it ended with: what it has handed over goes on.
    ended: Option<C::Output>,
    jobs: Jobs,
    new: Vec<Job>,
    streams: S,
    out: Gathering<I>,
    turn: Arc<Turn>,
    waker: Waker,
    /// Whether others are let ahead once it is woken, and whether they were.
    lets_ahead: bool,
    let_ahead: bool,
}

impl<C: Future, S: Streams, I: AsyncWrite + Unpin> Driven<C, S, I> {
    /// A connection whose executor is `jobs`, and whose socket is the other end of `out`.
    pub fn new(connection: C, jobs: Jobs, streams: S, out: Gathering<I>) -> Self {
        let turn = Arc::<Turn>::default();
        let waker = Arc::clone(&turn).into();
        Self {
            connection: Box::pin(connection),
            ended: None,
            jobs,
            new: Vec::new(),
            streams,
            out,
            turn,
            waker,
            lets_ahead: false,
            let_ahead: false,
        }
    }

    /// The same, which lets other tasks ahead before it begins: of several callers all that are ready put their
    /// requests into one write.
    pub fn letting_ahead(mut self) -> Self {
        self.lets_ahead = true;
        self
    }

    /// hyper's connection.
    pub fn connection(&mut self) -> Pin<&mut C> {
        self.connection.as_mut()
    }

    /// The socket of a connection that has ended: closed while bytes come it would be reset, and the peer might not
    /// read what was said last.
    pub fn socket(&self) -> &Gathering<I> {
        &self.out
    }

    /// Everything that can be done now, but for the write.
    fn turns(&mut self) -> Poll<C::Output> {
        let mut task = Task::from_waker(&self.waker);
        for _ in 0..MOST {
            self.turn.begin();
            if self.ended.is_none()
                && let Poll::Ready(output) = self.connection.as_mut().poll(&mut task)
            {
                self.ended = Some(output);
            }
            self.jobs.take(&mut self.new);
            let any = self.streams.advance(&mut self.new, &mut task);
            if self.streams.is_empty()
                && let Some(output) = self.ended.take()
            {
                return Poll::Ready(output);
            }
            if !any && self.turn.ends() {
                return Poll::Pending;
            }
        }
        self.turn.goes_on();
        Poll::Pending
    }
}

impl<C: Future, S: Streams + Unpin, I: AsyncWrite + Unpin> Future for Driven<C, S, I>
where
    C::Output: Unpin,
{
    type Output = C::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<C::Output> {
        let this = &mut *self;
        this.turn.wakes(task.waker());
        if this.lets_ahead && !std::mem::replace(&mut this.let_ahead, true) {
            this.turn.goes_on();
            return Poll::Pending;
        }
        this.let_ahead = false;
        let polled = this.turns();
        // What fails is the connection's to see, when it next writes.
        if matches!(this.out.poll(task), Poll::Ready(Err(_))) && polled.is_pending() {
            return this.turns();
        }
        polled
    }
}
