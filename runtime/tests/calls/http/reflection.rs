//! The reflection service (`grpc.reflection`) of servers, as tools ask it.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::hello::{HelloServer, Raw, connect, start};
use bytes::Bytes;
use http::uri::PathAndQuery;
use runtime::{Config, Limits, Server};
use tonic::Request;

/// `ServerReflectionRequest { list_services: "*" }`.
const LIST: &[u8] = &[0x3a, 1, b'*'];

async fn ask(channel: &tonic::transport::Channel, version: &str) -> Result<Bytes, tonic::Code> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
    let questions = Request::new(Question(Some(Bytes::from_static(LIST))));
    let answers = client.streaming(questions, PathAndQuery::try_from(path).unwrap(), Raw).await;
    let answer = answers.map_err(|status| status.code())?.into_inner().message().await;
    answer.map(Option::unwrap).map_err(|status| status.code())
}

/// One question, and no end: tools keep the stream open.
struct Question(Option<Bytes>);

impl runtime::Stream for Question {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.take().map_or(Poll::Pending, |question| Poll::Ready(Some(question)))
    }
}

#[tokio::test]
async fn both_versions_list_the_services() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    for version in ["v1", "v1alpha"] {
        let answer = ask(&channel, version).await.unwrap();
        let holds = |name: &str| answer.windows(name.len()).any(|bytes| bytes == name.as_bytes());
        assert!(holds("hello.v1.Hello") && holds("grpc.health.v1.Health"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_setting_turns_it_off() {
    let mut config = Config::local();
    config.server.reflection = false;
    let running = Server::new(config).add(HelloServer::default()).start().await.unwrap();
    let channel = connect(running.addr()).await;
    assert_eq!(ask(&channel, "v1").await.unwrap_err(), tonic::Code::Unimplemented);
}
