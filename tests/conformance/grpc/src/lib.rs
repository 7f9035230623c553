//! What the server and the client of gRPC's interop tests share: generated code and streams of a channel.

use std::pin::Pin;
use std::task::{Context as Task, Poll};

use runtime::Stream;
use tokio::sync::mpsc;

/// What the build script made of `idl/test.proto`.
#[allow(missing_docs, reason = "the IDL says it")]
pub mod generated {
    runtime::include_generated!();
}

use generated::grpc::testing::Payload;

/// The header that a server has to send back in front of its answer.
pub const ECHO_INITIAL: &str = "x-grpc-test-echo-initial";
/// The header that it has to send back behind its answer.
pub const ECHO_TRAILING: &str = "x-grpc-test-echo-trailing-bin";

/// A payload of so many zeros.
pub fn zeros(size: i32) -> Payload {
    Payload { r#type: 0, body: vec![0; usize::try_from(size).unwrap_or_default()] }
}

/// How many bytes a payload holds.
pub fn size(payload: Option<&Payload>) -> i32 {
    payload.map_or(0, |it| i32::try_from(it.body.len()).unwrap_or(i32::MAX))
}

/// A stream of what comes out of a channel.
pub struct Received<T>(mpsc::Receiver<T>);

impl<T> Stream for Received<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(task)
    }
}

/// A stream, and the end that fills it.
pub fn channel<T>() -> (mpsc::Sender<T>, Received<T>) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Received(receiver))
}
