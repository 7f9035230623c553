//! The cases of gRPC's interop tests that need no account, by our client: `grpc-interop-client ADDRESS`.
//! Says a line for each and ends with 1 when one failed.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use grpc_interop::generated::grpc::testing::{
    EchoStatus, Empty, ResponseParameters, SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest,
    StreamingOutputCallResponse, TestServiceClient, UnimplementedServiceClient,
};
use grpc_interop::{ECHO_INITIAL, ECHO_TRAILING, channel, size, zeros};
use runtime::metadata::Metadata;
use runtime::{Channel, Code, Context, Error, Registry, Streaming, streaming};
use tokio_util::sync::CancellationToken;

const REQUESTS: [i32; 4] = [27_182, 8, 1_828, 45_904];
const REPLIES: [i32; 4] = [31_415, 9, 2_653, 58_979];
const TEXT: &str = "test status message";
const SPECIAL_TEXT: &str = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

type Outcome = Result<(), String>;

struct Cases {
    test: TestServiceClient,
    unimplemented: UnimplementedServiceClient,
}

fn equal<T: PartialEq + Debug>(found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}")) }
}

fn failed(error: Error) -> String {
    error.to_string()
}

fn code_of<T>(outcome: Result<T, Error>) -> Result<(Code, String), String> {
    match outcome {
        Ok(_) => Err("it was answered".to_owned()),
        Err(error) => Ok((error.code(), error.message().to_owned())),
    }
}

/// A request for messages of these sizes.
fn wanted(sizes: &[i32], payload: i32) -> StreamingOutputCallRequest {
    let parameters = |&size| ResponseParameters { size, interval_us: 0 };
    StreamingOutputCallRequest {
        response_parameters: sizes.iter().map(parameters).collect(),
        payload: (payload > 0).then(|| zeros(payload)),
        response_status: None,
    }
}

async fn next(replies: &mut Streaming<StreamingOutputCallResponse>) -> Result<Option<i32>, String> {
    let next = replies.next().await.transpose().map_err(failed)?;
    Ok(next.map(|it| size(it.payload.as_ref())))
}

fn simple(code: i32, message: &str) -> SimpleRequest {
    let status = EchoStatus { code, message: message.to_owned() };
    SimpleRequest { response_status: Some(status), ..SimpleRequest::default() }
}

fn large() -> SimpleRequest {
    SimpleRequest { response_size: 314_159, payload: Some(zeros(271_828)), response_status: None }
}

/// Whether both headers came back, each at its place.
fn echoed(metadata: &Metadata, trailers: &Metadata) -> Outcome {
    equal(metadata.get(ECHO_INITIAL), Some("test_initial_metadata_value"))?;
    equal(trailers.get_bytes(ECHO_TRAILING), Some(&[0xab, 0xab, 0xab][..]))
}

impl Cases {
    async fn empty_unary(&self) -> Outcome {
        equal(self.test.empty_call(Empty {}).await.map_err(failed)?, Empty {})
    }

    async fn large_unary(&self) -> Outcome {
        let reply = self.test.unary_call(large()).await.map_err(failed)?;
        equal(size(reply.payload.as_ref()), 314_159)
    }

    async fn client_streaming(&self) -> Outcome {
        let requests = REQUESTS.map(|size| StreamingInputCallRequest { payload: Some(zeros(size)) });
        let reply = self.test.streaming_input_call(streaming::iter(requests)).await.map_err(failed)?;
        equal(reply.aggregated_payload_size, 74_922)
    }

    async fn server_streaming(&self) -> Outcome {
        let mut replies = self.test.streaming_output_call(wanted(&REPLIES, 0)).await.map_err(failed)?;
        for size in REPLIES {
            equal(next(&mut replies).await?, Some(size))?;
        }
        equal(next(&mut replies).await?, None)
    }

    async fn ping_pong(&self) -> Outcome {
        let (sender, requests) = channel();
        let mut replies = None;
        let mut call = std::pin::pin!(self.test.full_duplex_call(requests).into_future());
        for (request, reply) in REQUESTS.into_iter().zip(REPLIES) {
            sender.send(wanted(&[reply], request)).await.map_err(|_| "nobody takes the request")?;
            if replies.is_none() {
                replies = Some(call.as_mut().await.map_err(failed)?);
            }
            let replies = replies.as_mut().ok_or("no stream")?;
            equal(next(replies).await?, Some(reply))?;
        }
        drop(sender);
        equal(next(replies.as_mut().ok_or("no stream")?).await?, None)
    }

    async fn empty_stream(&self) -> Outcome {
        let mut replies = self.test.full_duplex_call(streaming::iter([])).await.map_err(failed)?;
        equal(next(&mut replies).await?, None)
    }

    async fn timeout_on_sleeping_server(&self) -> Outcome {
        let (sender, requests) = channel();
        sender.send(wanted(&[], 27_182)).await.map_err(|_| "nobody takes the request")?;
        let call = self.test.full_duplex_call(requests).timeout(Duration::from_millis(1));
        let outcome = match call.await {
            Ok(mut replies) => replies.next().await.unwrap_or_else(|| Err(Error::internal("it ended"))).map(|_| ()),
            Err(error) => Err(error),
        };
        equal(code_of(outcome)?.0, Code::DeadlineExceeded)
    }

    async fn cancel_after_begin(&self) -> Outcome {
        let (token, (sender, requests)) = (CancellationToken::new(), channel());
        let cx = Context::new().with_cancellation(token.clone());
        let call = self.test.streaming_input_call(requests).with(&cx).into_future();
        let call = tokio::spawn(call);
        token.cancel();
        let outcome = call.await.map_err(|error| error.to_string())?;
        drop(sender);
        equal(code_of(outcome)?.0, Code::Cancelled)
    }

    async fn cancel_after_first_response(&self) -> Outcome {
        let (token, (sender, requests)) = (CancellationToken::new(), channel());
        sender.send(wanted(&[31_415], 27_182)).await.map_err(|_| "nobody takes the request")?;
        let cx = Context::new().with_cancellation(token.clone());
        let mut replies = self.test.full_duplex_call(requests).with(&cx).await.map_err(failed)?;
        equal(next(&mut replies).await?, Some(31_415))?;
        token.cancel();
        let last = replies.next().await.ok_or("it ended without a status")?;
        equal(code_of(last)?.0, Code::Cancelled)
    }

    async fn status_code_and_message(&self) -> Outcome {
        let outcome = self.test.unary_call(simple(2, TEXT)).await;
        equal(code_of(outcome)?, (Code::Unknown, TEXT.to_owned()))?;
        let status = EchoStatus { code: 2, message: TEXT.to_owned() };
        let request = StreamingOutputCallRequest { response_status: Some(status), ..wanted(&[], 0) };
        let outcome = match self.test.full_duplex_call(streaming::iter([request])).await {
            Ok(mut replies) => replies.next().await.ok_or("it ended without a status")?,
            Err(error) => Err(error),
        };
        equal(code_of(outcome)?, (Code::Unknown, TEXT.to_owned()))
    }

    async fn special_status_message(&self) -> Outcome {
        let outcome = self.test.unary_call(simple(2, SPECIAL_TEXT)).await;
        equal(code_of(outcome)?, (Code::Unknown, SPECIAL_TEXT.to_owned()))
    }

    async fn custom_metadata(&self) -> Outcome {
        let bytes = || Bytes::from_static(&[0xab, 0xab, 0xab]);
        let initial = "test_initial_metadata_value";
        let call = self.test.unary_call(large()).metadata(ECHO_INITIAL, initial).metadata(ECHO_TRAILING, bytes());
        let reply = call.send().await.map_err(failed)?;
        echoed(reply.metadata(), reply.trailers())?;
        let call = self.test.full_duplex_call(streaming::iter([wanted(&[314_159], 271_828)]));
        let call = call.metadata(ECHO_INITIAL, initial).metadata(ECHO_TRAILING, bytes());
        let mut replies = call.await.map_err(failed)?;
        equal(next(&mut replies).await?, Some(314_159))?;
        equal(next(&mut replies).await?, None)?;
        echoed(replies.metadata(), replies.trailers())
    }

    async fn unimplemented_method(&self) -> Outcome {
        equal(code_of(self.test.unimplemented_call(Empty {}).await)?.0, Code::Unimplemented)
    }

    async fn unimplemented_service(&self) -> Outcome {
        equal(code_of(self.unimplemented.unimplemented_call(Empty {}).await)?.0, Code::Unimplemented)
    }
}

macro_rules! run {
    ($cases:ident: $($name:ident)*) => {{
        let mut passed = true;
        $(
            let outcome = $cases.$name().await;
            println!("{}: {}", stringify!($name), outcome.as_ref().map_or_else(String::as_str, |()| "ok"));
            passed &= outcome.is_ok();
        )*
        passed
    }};
}

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let address = std::env::args().nth(1).ok_or_else(|| Error::invalid("grpc-interop-client ADDRESS"))?;
    let registry = Registry::open(&format!("static:test={address}"))?;
    let channel = || Channel::builder("test").registry(&registry).build();
    let cases =
        Cases { test: TestServiceClient::new(channel()?), unimplemented: UnimplementedServiceClient::new(channel()?) };
    let passed = run!(cases: empty_unary large_unary client_streaming server_streaming ping_pong empty_stream
        timeout_on_sleeping_server cancel_after_begin cancel_after_first_response status_code_and_message
        special_status_message custom_metadata unimplemented_method unimplemented_service);
    if passed { Ok(()) } else { Err(Error::internal("not every case passed")) }
}
