//! A stream of requests that a handler hands on to another service, as a gateway does.
//!
//! The requests of a client are a stream without errors. To end it where the caller's own stream fails would tell the service
//! behind that it has them all: the call is given up instead, and fails with what the caller's stream failed with.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use futures_core::Stream;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::streaming::Streaming;

/// Makes a call with the requests of a caller.
///
/// ```
/// # use runtime::{Error, Streaming, client::Request};
/// # async fn f(requests: Streaming<i64>, total: impl FnOnce(runtime::streaming::Forwarded<i64>) -> Request<i64>) -> Result<(), Error> {
/// let total = runtime::streaming::forward(requests, |requests| total(requests)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// What the call fails with; what the caller's stream fails with, which ends the call.
pub async fn forward<T, R, C>(requests: Streaming<T>, call: impl FnOnce(Forwarded<T>) -> C) -> Result<R, Error>
where
    C: IntoFuture<Output = Result<R, Error>>,
{
    let (requests, failed) = forwarded(requests);
    let answer = call(requests).into_future();
    tokio::select! {
        biased;
        Ok(error) = failed => Err(error),
        answer = answer => answer,
    }
}

/// The same where answers are a stream too, which ends with what the caller's stream fails with.
///
/// # Errors
///
/// As [`forward`], until the stream of answers is there.
pub async fn forward_both<T, R, C>(
    requests: Streaming<T>,
    call: impl FnOnce(Forwarded<T>) -> C,
) -> Result<Answers<R>, Error>
where
    C: IntoFuture<Output = Result<Streaming<R>, Error>>,
{
    let (requests, mut failed) = forwarded(requests);
    let answers = call(requests).into_future();
    tokio::select! {
        biased;
        Ok(error) = &mut failed => Err(error),
        answers = answers => Ok(Answers { answers: Some(answers?), failed: Some(failed) }),
    }
}

fn forwarded<T>(requests: Streaming<T>) -> (Forwarded<T>, oneshot::Receiver<Error>) {
    let (failed, told) = oneshot::channel();
    (Forwarded { requests, failed: Some(failed) }, told)
}

/// The requests of a caller on their way to the service behind.
#[derive(Debug)]
pub struct Forwarded<T> {
    requests: Streaming<T>,
    /// `None` once that was told.
    failed: Option<oneshot::Sender<Error>>,
}

impl<T> Stream for Forwarded<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<T>> {
        if self.failed.is_none() {
            return Poll::Pending;
        }
        match ready!(self.requests.poll_message(task)) {
            Some(Ok(request)) => Poll::Ready(Some(request)),
            Some(Err(error)) => {
                // The call that this stream belongs to is dropped then, and the stream with it.
                let _ = self.failed.take().map(|failed| failed.send(error));
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}

/// The answers of the service behind, for as long as the caller's requests are sound.
#[derive(Debug)]
pub struct Answers<R> {
    answers: Option<Streaming<R>>,
    /// `None` when the requests have ended.
    failed: Option<oneshot::Receiver<Error>>,
}

impl<R> Stream for Answers<R> {
    type Item = Result<R, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        if let Some(Poll::Ready(told)) = self.failed.as_mut().map(|failed| Pin::new(failed).poll(task)) {
            self.failed = None;
            if let Ok(error) = told {
                self.answers = None;
                return Poll::Ready(Some(Err(error)));
            }
        }
        match &mut self.answers {
            Some(answers) => answers.poll_message(task),
            None => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use bytes::Bytes;

    use super::*;
    use crate::body::Messages;
    use crate::limits::DecodeLimits;
    use crate::metadata::Metadata;
    use crate::streaming;

    /// A caller's stream of these messages.
    fn sent(messages: Vec<Result<Bytes, Error>>) -> Streaming<usize> {
        let messages = Messages::new(streaming::iter(messages));
        Streaming::new(messages, |message, _| Ok(message.len()), DecodeLimits::default(), Metadata::new())
    }

    fn word(text: &'static str) -> Result<Bytes, Error> {
        Ok(Bytes::from_static(text.as_bytes()))
    }

    /// All of a stream.
    async fn all<S: Stream + Unpin>(mut stream: S) -> Vec<S::Item> {
        let mut all = Vec::new();
        while let Some(item) = poll_fn(|task| Pin::new(&mut stream).poll_next(task)).await {
            all.push(item);
        }
        all
    }

    #[tokio::test]
    async fn whole_streams_are_handed_on() {
        let lengths = forward(sent(vec![word("a"), word("bc")]), |requests| async { Ok(all(requests).await) });
        assert_eq!(lengths.await.unwrap(), [1, 2]);
        let error = forward(sent(Vec::new()), |_| async { Err::<(), _>(Error::not_found("none")) }).await.unwrap_err();
        assert_eq!(error.to_string(), "NotFound: none");
    }

    #[tokio::test]
    async fn what_the_caller_fails_with_is_never_the_end_of_its_requests() {
        let torn = || sent(vec![word("a"), Err(Error::invalid("torn"))]);
        let error = forward(torn(), |requests| async { Ok(all(requests).await) }).await.unwrap_err();
        assert_eq!(error.to_string(), "InvalidArgument: torn");
        let error = forward_both(torn(), |requests| async move {
            all(requests).await;
            Ok(sent(Vec::new()))
        });
        assert_eq!(error.await.unwrap_err().to_string(), "InvalidArgument: torn");
    }

    #[tokio::test]
    async fn answers_end_with_what_the_caller_fails_with() {
        let torn = sent(vec![word("a"), Err(Error::invalid("torn"))]);
        let answers = forward_both(torn, |requests| async move {
            tokio::spawn(all(requests));
            let first = streaming::iter([word("answer")]);
            Ok(sent_then_nothing(first))
        });
        let mut shown = Vec::new();
        for answer in all(answers.await.unwrap()).await {
            shown.push(answer.map_or_else(|error| error.to_string(), |length| length.to_string()));
        }
        assert_eq!(shown.last().map(String::as_str), Some("InvalidArgument: torn"));
        let whole = forward_both(sent(vec![word("a")]), |requests| async move {
            all(requests).await;
            Ok(sent(vec![word("bc")]))
        });
        let answers: Result<Vec<_>, Error> = all(whole.await.unwrap()).await.into_iter().collect();
        assert_eq!(answers.unwrap(), [2]);
    }

    /// Some answers, and no end.
    fn sent_then_nothing(first: impl Stream<Item = Result<Bytes, Error>> + Unpin + Send + 'static) -> Streaming<usize> {
        struct Endless<S>(S);

        impl<S: Stream + Unpin> Stream for Endless<S> {
            type Item = S::Item;

            fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<S::Item>> {
                match ready!(Pin::new(&mut self.0).poll_next(task)) {
                    Some(item) => Poll::Ready(Some(item)),
                    None => Poll::Pending,
                }
            }
        }

        let messages = Messages::new(Endless(first));
        Streaming::new(messages, |message, _| Ok(message.len()), DecodeLimits::default(), Metadata::new())
    }
}
