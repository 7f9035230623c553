//! The service that is attacked.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::Bytes;
use runtime::server::{Counter, Running};
use runtime::{Context, Error, Stream, Streaming};

use crate::generated::faults::shelf::{Book, Shelf};
use crate::generated::faults::twin::{self, Count, Twin};
use crate::generated::faults::{Gauges, Item, Target, TargetClient};

/// Methods that misbehave when they are told to.
#[derive(Clone, Debug, Default)]
pub struct Handler {
    /// Whose gauges it tells.
    pub running: Arc<OnceLock<Running>>,
    /// Whom it calls for a hop.
    pub itself: Arc<OnceLock<TargetClient>>,
    /// Calls of the shelf that nobody but an attacker makes.
    pub routed: Arc<AtomicI64>,
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    #[expect(clippy::panic, reason = "what is to be survived")]
    fn drop(&mut self) {
        panic!("dropped");
    }
}

fn milliseconds(count: i64) -> Duration {
    Duration::from_millis(count.unsigned_abs())
}

impl Handler {
    fn counted(&self, book: Book) -> Book {
        if book.name != "good" {
            self.routed.fetch_add(1, Ordering::Relaxed);
        }
        book
    }
}

impl Shelf for Handler {
    async fn get(&self, _cx: &Context, book: Book) -> Result<Book, Error> {
        Ok(self.counted(book))
    }

    async fn put(&self, _cx: &Context, book: Book) -> Result<Book, Error> {
        Ok(self.counted(book))
    }
}

impl Twin for Handler {
    async fn number(&self, _cx: &Context, count: Count) -> Result<Count, Error> {
        Ok(count)
    }

    async fn slow(&self, _cx: &Context, count: Count) -> Result<Count, Error> {
        tokio::time::sleep(milliseconds(count.number)).await;
        Ok(count)
    }

    async fn blob(&self, _cx: &Context, count: Count) -> Result<twin::Bytes, Error> {
        zeroes(count)
    }

    async fn size(&self, _cx: &Context, bytes: twin::Bytes) -> Result<Count, Error> {
        Ok(Count { number: i64::try_from(bytes.content.len()).unwrap_or(i64::MAX) })
    }

    async fn flow(
        &self,
        _cx: &Context,
        count: Count,
    ) -> Result<impl Stream<Item = Result<twin::Bytes, Error>> + Send + 'static, Error> {
        Ok(Flow(count))
    }

    async fn deaf(&self, _cx: &Context, _requests: Streaming<twin::Bytes>) -> Result<Count, Error> {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(Count::default())
    }
}

/// Zeroes for ever.
struct Flow(Count);

impl Stream for Flow {
    type Item = Result<twin::Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(zeroes(self.0)))
    }
}

fn zeroes(count: Count) -> Result<twin::Bytes, Error> {
    let size = usize::try_from(count.number).map_err(|_| Error::invalid("a negative size"))?;
    Ok(twin::Bytes { content: vec![0; size.min(8 << 20)] })
}

impl Target for Handler {
    async fn echo(&self, _cx: &Context, item: Item) -> Result<Item, Error> {
        Ok(item)
    }

    async fn number(&self, _cx: &Context, number: i64) -> Result<i64, Error> {
        Ok(number)
    }

    async fn lookup(&self, _cx: &Context, number: i64) -> Result<i64, Error> {
        Ok(number)
    }

    async fn blob(&self, _cx: &Context, size: i32) -> Result<Bytes, Error> {
        let size = usize::try_from(size).map_err(|_| Error::invalid("a negative size"))?;
        Ok(Bytes::from(vec![0; size.min(8 << 20)]))
    }

    async fn slow(&self, _cx: &Context, time: i64) -> Result<i64, Error> {
        tokio::time::sleep(milliseconds(time)).await;
        Ok(time)
    }

    async fn keep(&self, _cx: &Context, item: Item, time: i64) -> Result<Item, Error> {
        tokio::time::sleep(milliseconds(time)).await;
        Ok(item)
    }

    #[expect(clippy::panic, reason = "what is to be survived")]
    async fn flaky(&self, _cx: &Context, number: i64) -> Result<i64, Error> {
        if number % 10 == 0 {
            panic!("the number {number}");
        }
        Ok(number)
    }

    async fn bomb(&self, _cx: &Context, time: i64) -> Result<(), Error> {
        let _bomb = Bomb;
        tokio::time::sleep(milliseconds(time)).await;
        Ok(())
    }

    async fn hop(&self, cx: &Context, left: i32) -> Result<i64, Error> {
        let time = cx.remaining().unwrap_or_default();
        if left == 0 {
            tokio::time::sleep(Duration::from_secs(10)).await;
        } else if let Some(itself) = self.itself.get() {
            itself.hop(left - 1).with(cx).await?;
        }
        Ok(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
    }

    async fn gauges(&self, _cx: &Context) -> Result<Gauges, Error> {
        let running = self.running.get().ok_or_else(|| Error::unavailable("still starting"))?;
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let count = |counter| i64::try_from(running.counters().get(counter)).unwrap_or(i64::MAX);
        Ok(Gauges {
            // This very call is one.
            in_flight: signed(running.in_flight()) - 1,
            in_flight_bytes: signed(running.in_flight_bytes()),
            connections: signed(running.connections()),
            panics: count(Counter::Panics),
            shed: count(Counter::Shed),
            write_timeouts: count(Counter::WriteTimeouts),
            stalled: count(Counter::Stalled),
            routed: self.routed.load(Ordering::Relaxed),
        })
    }
}
