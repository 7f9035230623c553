//! The interop service of gRPC: `grpc-interop-server ADDRESS` serves until it is ended.

use std::time::Duration;

use grpc_interop::generated::grpc::testing::{
    EchoStatus, Empty, SimpleRequest, SimpleResponse, StreamingInputCallRequest, StreamingInputCallResponse,
    StreamingOutputCallRequest, StreamingOutputCallResponse, TestService, TestServiceServer,
};
use grpc_interop::{ECHO_INITIAL, ECHO_TRAILING, channel, size, zeros};
use runtime::{Code, Config, Context, Error, Server, Stream, Streaming};
use tokio::sync::mpsc::Sender;

type Reply = Result<StreamingOutputCallResponse, Error>;

struct Interop;

/// Sends back what the caller sent in order to see it again.
fn echo(cx: &Context) {
    let Some(sent) = cx.metadata() else { return };
    sent.get_all(ECHO_INITIAL).for_each(|value| cx.send_back(ECHO_INITIAL, value.clone()));
    sent.get_all(ECHO_TRAILING).for_each(|value| cx.send_trailer(ECHO_TRAILING, value.clone()));
}

/// The status that a request asks for.
fn asked(status: Option<EchoStatus>) -> Result<(), Error> {
    match status {
        Some(status) if status.code != 0 => {
            Err(Error::new(Code::from_number(status.code).unwrap_or(Code::Unknown), status.message))
        }
        _ => Ok(()),
    }
}

/// The messages that a request asks for; `false` when nobody takes them any more.
async fn send(replies: &Sender<Reply>, request: StreamingOutputCallRequest) -> bool {
    if let Err(error) = asked(request.response_status) {
        let _ = replies.send(Err(error)).await;
        return false;
    }
    for parameters in request.response_parameters {
        if let Ok(pause @ 1..) = u64::try_from(parameters.interval_us) {
            tokio::time::sleep(Duration::from_micros(pause)).await;
        }
        let reply = StreamingOutputCallResponse { payload: Some(zeros(parameters.size)) };
        if replies.send(Ok(reply)).await.is_err() {
            return false;
        }
    }
    true
}

impl TestService for Interop {
    async fn empty_call(&self, cx: &Context, req: Empty) -> Result<Empty, Error> {
        echo(cx);
        Ok(req)
    }

    async fn unary_call(&self, cx: &Context, req: SimpleRequest) -> Result<SimpleResponse, Error> {
        echo(cx);
        asked(req.response_status)?;
        Ok(SimpleResponse { payload: Some(zeros(req.response_size)) })
    }

    async fn streaming_output_call(
        &self,
        cx: &Context,
        req: StreamingOutputCallRequest,
    ) -> Result<impl Stream<Item = Reply> + Send + 'static, Error> {
        echo(cx);
        let (sender, replies) = channel();
        tokio::spawn(async move { send(&sender, req).await });
        Ok(replies)
    }

    async fn streaming_input_call(
        &self,
        cx: &Context,
        mut req: Streaming<StreamingInputCallRequest>,
    ) -> Result<StreamingInputCallResponse, Error> {
        echo(cx);
        let mut aggregated_payload_size = 0;
        while let Some(next) = req.next().await {
            aggregated_payload_size += size(next?.payload.as_ref());
        }
        Ok(StreamingInputCallResponse { aggregated_payload_size })
    }

    async fn full_duplex_call(
        &self,
        cx: &Context,
        mut req: Streaming<StreamingOutputCallRequest>,
    ) -> Result<impl Stream<Item = Reply> + Send + 'static, Error> {
        echo(cx);
        let (sender, replies) = channel();
        tokio::spawn(async move {
            while let Some(next) = req.next().await {
                let going_on = match next {
                    Ok(next) => send(&sender, next).await,
                    Err(error) => sender.send(Err(error)).await.is_ok(),
                };
                if !going_on {
                    break;
                }
            }
        });
        Ok(replies)
    }

    async fn unimplemented_call(&self, _: &Context, _: Empty) -> Result<Empty, Error> {
        Err(Error::unimplemented("TestService.UnimplementedCall"))
    }
}

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let mut config = Config::default();
    config.server.listen = std::env::args().nth(1).ok_or_else(|| Error::invalid("grpc-interop-server ADDRESS"))?;
    Server::new(config).add(TestServiceServer::new(Interop)).run().await
}
