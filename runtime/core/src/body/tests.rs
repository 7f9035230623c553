use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::error::Code;
use crate::metadata::Metadata;

const KIB: Bytes = Bytes::from_static(&[7; 1024]);

async fn all(mut messages: Messages) -> (Vec<Bytes>, Result<Metadata, Error>) {
    let mut read = Vec::new();
    while let Some(next) = messages.next().await {
        match next {
            Ok(message) => read.push(message),
            Err(error) => return (read, Err(error)),
        }
    }
    assert!(messages.next().await.is_none());
    (read, Ok(messages.take_trailers()))
}

#[tokio::test]
async fn a_stream_ends_with_its_trailers() {
    let (mut sender, messages) = Messages::channel(8 << 10);
    sender.send(KIB).await.unwrap();
    sender.send(Bytes::new()).await.unwrap();
    sender.finish([("k", "v")].into_iter().collect());
    let (read, end) = all(messages.map(|message| Ok(message.slice(..message.len().min(2))))).await;
    assert_eq!(read, [&[7, 7][..], &[]]);
    assert_eq!(end.unwrap().get("k"), Some("v"));
}

#[tokio::test]
async fn a_sender_waits_for_its_reader() {
    let (mut sender, mut messages) = Messages::channel(2 << 10);
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let work = tokio::spawn(async move {
        while sender.send(KIB).await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    while sent.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(sent.load(Ordering::SeqCst), 2);
    assert_eq!(messages.next().await.unwrap().unwrap(), KIB);
    while sent.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    drop(messages);
    work.await.unwrap();
}

#[tokio::test]
async fn a_message_over_the_budget_goes_alone() {
    let (mut sender, mut messages) = Messages::channel(1);
    sender.send(KIB).await.unwrap();
    assert_eq!(messages.next().await.unwrap().unwrap(), KIB);
    sender.fail(Error::not_found("no more"));
    let (read, end) = all(messages).await;
    assert_eq!((read.len(), end.unwrap_err().code()), (0, Code::NotFound));
}

#[tokio::test]
async fn a_sender_that_is_dropped_cancels() {
    let (sender, messages) = Messages::channel(1);
    drop(sender);
    assert_eq!(all(messages).await.1.unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_message_is_bounded() {
    let (mut sender, messages) = Messages::channel(1 << 20);
    let mut messages = messages.with_longest_wait(Duration::from_secs(5));
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(4)).await;
        sender.send(KIB).await.unwrap();
        assert_eq!(messages.next().await.unwrap().unwrap(), KIB);
    }
    assert_eq!(messages.next().await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(sender.send(KIB).await.unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_end_has_a_deadline() {
    let endless = Messages::from_source(Endless).until(Instant::now() + Duration::from_secs(1));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(all(endless).await.1.unwrap_err().code(), Code::DeadlineExceeded);
}

struct Endless;

impl Source for Endless {
    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, Error>>> {
        std::task::Poll::Ready(Some(Ok(KIB)))
    }
}

#[tokio::test]
async fn one_message_is_a_stream_of_one() {
    let (read, end) = all(Body::from(KIB).into_messages()).await;
    assert_eq!((read.len(), end.unwrap().is_empty()), (1, true));
    assert_eq!(Body::Stream(Messages::once(KIB)).into_whole().unwrap_err().code(), Code::Internal);
    assert_eq!(Body::from(KIB).into_whole().unwrap(), KIB);
}
