//! A layer that gives each call an id.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use kiteline_core::context::Context;
use kiteline_core::service::{Call, Handling};
use tower::Layer;

use super::around::{Around, Inner, Policy, forward};

/// The name of the id in metadata.
const NAME: &str = "x-request-id";

/// Characters of an id that is taken from a caller.
const LONGEST: usize = 128;

/// Gives each call an id: the one that its caller sent as `x-request-id` or as the log id of a TTHeader, else a new one.
///
/// Handlers read it as [`Context::log_id`], it goes back to the caller as `x-request-id`, and calls that a handler makes `with`
/// its context take it along on every protocol. An id of a caller that is longer than 128 characters, or that has any which
/// is not visible ASCII, is replaced: it goes into logs.
///
/// Add it before [`Logging`](crate::Logging), whose lines have the id then.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a layer does nothing until it is added"]
pub struct RequestId;

impl RequestId {
    /// A layer that gives each call an id.
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for RequestId {
    type Service = Around<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Around::new(*self, inner)
    }
}

impl Policy for RequestId {
    fn call<S: Inner>(self: &Arc<Self>, mut call: Call, inner: &mut S) -> Handling {
        let id: Arc<str> = match sent(&call.cx) {
            Some(id) => id.into(),
            None => made().into(),
        };
        if call.cx.metadata().and_then(|metadata| metadata.plain().get(NAME)) != Some(&*id) {
            let metadata = call.cx.edit();
            metadata.remove(NAME);
            metadata.append(NAME, &*id);
        }
        call.cx.send_back(NAME, &*id);
        call.cx.set_log_id(id);
        forward(call, inner)
    }
}

/// The id that a caller sent, where it is sound.
fn sent(cx: &Context) -> Option<&str> {
    let sound = |id: &&str| (1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    cx.get(NAME).filter(sound).or_else(|| cx.log_id().filter(sound))
}

/// A new id, of 32 digits: no other of this process is the same, and of another process by chance alone.
fn made() -> String {
    static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let begin = SECRET.hash_one(u64::MAX);
    format!("{:016x}{:016x}", SECRET.hash_one(number), begin.wrapping_add(number))
}

#[cfg(test)]
mod tests {
    use kiteline_core::service::Answer;

    use super::*;
    use crate::tests::{ADD, around, called};

    /// The id that a handler sees, and the one that goes back.
    async fn ids(cx: Context) -> [String; 4] {
        let mut service = around(&RequestId::new(), |call| {
            let mut next = Context::new();
            next.join(&call.cx);
            let [log, plain, next] =
                [call.cx.log_id(), call.cx.get(NAME), next.get(NAME)].map(|id| id.unwrap().to_owned());
            Ok(Answer::new(&call.cx, bytes::Bytes::from(format!("{log} {plain} {next}"))))
        });
        let answer = called(&mut service, &ADD, cx).await.unwrap();
        let seen = String::from_utf8(answer.body.as_whole().unwrap().to_vec()).unwrap();
        let mut seen = seen.split(' ').map(str::to_owned);
        let back: Vec<_> = answer.head.get_all(NAME).collect();
        assert_eq!(back.len(), 1);
        let back = back[0].as_text().unwrap().to_owned();
        [seen.next().unwrap(), seen.next().unwrap(), seen.next().unwrap(), back]
    }

    #[tokio::test]
    async fn the_id_of_a_caller_is_handed_on() {
        assert_eq!(ids(Context::new().with_header("X-Request-Id", "a-1")).await, ["a-1"; 4]);
        assert_eq!(ids(Context::new().with_transient(NAME, "a-2")).await, ["a-2"; 4]);
        assert_eq!(ids(Context::new().with_log_id("a-3")).await, ["a-3"; 4]);
        let both = Context::new().with_log_id("log").with_header(NAME, "id");
        assert_eq!(ids(both).await, ["id"; 4]);
        let longest = "x".repeat(LONGEST);
        assert_eq!(ids(Context::new().with_header(NAME, longest.as_str())).await, [(); 4].map(|()| longest.clone()));
    }

    #[tokio::test]
    async fn ids_that_are_not_sound_are_replaced() {
        let long = "x".repeat(LONGEST + 1);
        let mut all = Vec::new();
        for id in ["", "a b", "a\nb", "é", &long] {
            for cx in [Context::new().with_header(NAME, id), Context::new().with_persistent(NAME, id).with_log_id(id)] {
                let [first, rest @ ..] = ids(cx).await;
                assert!(first.len() == 32 && first.bytes().all(|digit| digit.is_ascii_hexdigit()), "{first}");
                assert!(rest.iter().all(|other| *other == first));
                all.push(first);
            }
        }
        all.push(ids(Context::new()).await[0].clone());
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 11);
        assert_eq!(ids(Context::new().with_header(NAME, "a b").with_log_id("log")).await, ["log"; 4]);
    }
}
