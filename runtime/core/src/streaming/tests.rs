use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::*;
use crate::error::Code;

/// A message is one byte; 255 is none.
fn read(message: Bytes, _: DecodeLimits) -> Result<u8, Error> {
    message.first().copied().filter(|it| *it != 255).ok_or_else(|| Error::invalid("no number"))
}

fn write(number: &u8) -> Result<Bytes, Error> {
    if *number == 0 { Err(Error::internal("zero")) } else { Ok(Bytes::copy_from_slice(&[*number])) }
}

fn streaming(messages: Messages) -> Streaming<u8> {
    Streaming::new(messages, read, DecodeLimits::default(), [("front", "f")].into_iter().collect())
}

/// What came, as text: numbers and the code of the error at the end.
async fn all(stream: &mut Streaming<u8>) -> String {
    let mut read = String::new();
    while let Some(next) = stream.next().await {
        match next {
            Ok(number) => read += &format!("{number} "),
            Err(error) => read += &format!("{:?} ", error.code()),
        }
    }
    assert!(stream.next().await.is_none());
    read.trim_end().to_owned()
}

#[tokio::test]
async fn messages_are_decoded_and_end_with_their_trailers() {
    let (mut sender, messages) = Messages::channel(1 << 10);
    sender.send(Bytes::from_static(&[1])).await.unwrap();
    sender.send(Bytes::from_static(&[2])).await.unwrap();
    sender.finish([("behind", "b")].into_iter().collect());
    let mut stream = streaming(messages);
    assert_eq!((stream.metadata().get("front"), stream.trailers().get("behind")), (Some("f"), None));
    assert_eq!(all(&mut stream).await, "1 2");
    assert_eq!(stream.trailers().get("behind"), Some("b"));
}

#[tokio::test]
async fn an_error_is_the_end() {
    let (mut sender, messages) = Messages::channel(1 << 10);
    sender.send(Bytes::from_static(&[1])).await.unwrap();
    sender.fail(Error::not_found("no more"));
    assert_eq!(all(&mut streaming(messages)).await, "1 NotFound");
}

#[tokio::test]
async fn a_message_that_cannot_be_decoded_ends_the_stream_and_cancels_its_maker() {
    let (mut sender, messages) = Messages::channel(1 << 10);
    for message in [[1], [255], [2]] {
        sender.send(Bytes::copy_from_slice(&message)).await.unwrap();
    }
    let mut stream = streaming(messages);
    assert_eq!(all(&mut stream).await, "1 InvalidArgument");
    sender.closed().await;
    assert_eq!(sender.send(Bytes::new()).await.unwrap_err().code(), Code::Cancelled);
}

#[tokio::test]
async fn a_stream_that_is_dropped_cancels_its_maker() {
    let (sender, messages) = Messages::channel(1 << 10);
    drop(streaming(messages));
    sender.closed().await;
}

#[tokio::test]
async fn requests_are_encoded_one_by_one() {
    let made = Arc::new(AtomicU8::new(0));
    let last = Arc::clone(&made);
    let numbers = [3, 4, 0, 5].into_iter().inspect(move |number| last.store(*number, Ordering::SeqCst));
    let mut messages = requests(iter(numbers), write);
    assert_eq!(messages.next().await.unwrap().unwrap(), [3][..]);
    assert_eq!(made.load(Ordering::SeqCst), 3, "nothing is made ahead");
    assert_eq!(all(&mut streaming(messages)).await, "4 Internal");
}

#[tokio::test]
async fn answers_carry_what_the_handler_left_before_and_meanwhile() {
    let cx = Context::new();
    cx.send_back("front", "f");
    cx.send_trailer("behind", "1");
    let late = cx.clone();
    let numbers = [Ok(1_u8), Ok(2)].into_iter().inspect(move |number| {
        if matches!(number, Ok(2)) {
            late.send_trailer("behind", "2");
        }
    });
    let Answer { head, body, trailers } = answer(&cx, iter(numbers), write);
    assert_eq!((head.get("front"), trailers.is_empty()), (Some("f"), true));
    let mut stream = streaming(body.into_messages());
    assert_eq!(all(&mut stream).await, "1 2");
    let behind: Vec<_> = stream.trailers().get_all("behind").filter_map(crate::metadata::Value::as_text).collect();
    assert_eq!(behind, ["1", "2"]);
}

#[tokio::test]
async fn an_error_of_a_handler_ends_its_stream() {
    let items = [Ok(1), Err(Error::not_found("gone")), Ok(2)];
    let body = answer(&Context::new(), iter(items), write).body;
    assert_eq!(all(&mut streaming(body.into_messages())).await, "1 NotFound");
}
