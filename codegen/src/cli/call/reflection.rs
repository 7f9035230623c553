//! Asks a server for its proto services by `grpc.reflection.v1`, else by `v1alpha` of it.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;
use runtime::{Body, Call, Channel, Code, Context, Error, Idl, Messages, Method};

static V1: Method =
    Method::new(Idl::Proto, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", 0).streaming(true, true);
static ALPHA: Method =
    Method::new(Idl::Proto, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", 0).streaming(true, true);
/// Bytes of questions that wait.
const BUDGET: usize = 1 << 16;
/// The most files that are taken.
const FILES: usize = 4096;

/// `ServerReflectionRequest` of `grpc/reflection/v1/reflection.proto`.
#[derive(Clone, PartialEq, prost::Message)]
struct Question {
    #[prost(oneof = "Ask", tags = "3, 4, 7")]
    ask: Option<Ask>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Ask {
    #[prost(string, tag = "3")]
    File(String),
    #[prost(string, tag = "4")]
    Symbol(String),
    #[prost(string, tag = "7")]
    List(String),
}

/// `ServerReflectionResponse`.
#[derive(Clone, PartialEq, prost::Message)]
struct Reply {
    #[prost(message, optional, tag = "4")]
    files: Option<Files>,
    #[prost(message, optional, tag = "6")]
    services: Option<Services>,
    #[prost(message, optional, tag = "7")]
    error: Option<Failed>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Files {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    all: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    all: Vec<Named>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Named {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Failed {
    #[prost(string, tag = "2")]
    message: String,
}

/// Everything that a server tells of its services.
///
/// # Errors
///
/// Where it cannot be reached, and where it has no reflection.
pub(super) async fn ask(channel: &Channel) -> Result<DescriptorPool, Error> {
    match pool(channel, &V1).await {
        Err(error) if error.code() == Code::Unimplemented => pool(channel, &ALPHA).await,
        answer => answer,
    }
}

async fn pool(channel: &Channel, method: &'static Method) -> Result<DescriptorPool, Error> {
    let (sender, requests) = Messages::channel(BUDGET);
    let call = Call::new(method, Context::new(), Body::Stream(requests), Default::default());
    let mut talk = Talk { sender, answers: None, call: Some(call), channel };
    let listed = talk.ask(Ask::List("*".to_owned())).await?.services.unwrap_or_default();
    let mut pool = DescriptorPool::global();
    let mut files: Vec<FileDescriptorProto> = Vec::new();
    let mut known: BTreeSet<String> = pool.files().map(|it| it.name().to_owned()).collect();
    for service in listed.all {
        // A server may list a service that it cannot describe.
        if let Some(found) = talk.ask(Ask::Symbol(service.name)).await?.files {
            add(&found, &mut known, &mut files)?;
        }
    }
    let mut index = 0;
    while index < files.len() && files.len() <= FILES {
        for import in files[index].dependency.clone() {
            if !known.contains(&import)
                && let Some(found) = talk.ask(Ask::File(import)).await?.files
            {
                add(&found, &mut known, &mut files)?;
            }
        }
        index += 1;
    }
    let strange =
        |error: &dyn std::fmt::Display| Error::internal(format!("the server's descriptors cannot be used: {error}"));
    pool.add_file_descriptor_protos(files).map_err(|error| strange(&error))?;
    Ok(pool)
}

fn add(found: &Files, known: &mut BTreeSet<String>, files: &mut Vec<FileDescriptorProto>) -> Result<(), Error> {
    for file in &found.all {
        let file = FileDescriptorProto::decode(file.as_ref())
            .map_err(|error| Error::internal(format!("the server's descriptors cannot be read: {error}")))?;
        if known.insert(file.name().to_owned()) {
            files.push(file);
        }
    }
    Ok(())
}

/// Questions and answers in turn.
struct Talk<'a> {
    sender: runtime::body::MessageSender,
    answers: Option<Messages>,
    call: Option<Call>,
    channel: &'a Channel,
}

impl Talk<'_> {
    async fn ask(&mut self, ask: Ask) -> Result<Reply, Error> {
        self.sender.send(Question { ask: Some(ask) }.encode_to_vec().into()).await?;
        if let Some(call) = self.call.take() {
            let answer = self.channel.call(call, None).await?;
            self.answers = Some(answer.body.into_messages());
        }
        let Some(answers) = &mut self.answers else { return Err(Error::internal("the call has failed")) };
        match answers.next().await {
            Some(answer) => {
                let reply = Reply::decode(answer?);
                reply.map_err(|error| Error::internal(format!("the server's answer cannot be read: {error}")))
            }
            None => Err(Error::unavailable("the server ended its answers")),
        }
    }
}
