//! `grpc.reflection.v1.ServerReflection`, and `v1alpha` of it: services like any other, by which
//! grpcurl and its kind call a server without files. They answer from the descriptors in generated
//! code; every proto service is listed, one without descriptors by its name alone.
//!
//! Those of `google/protobuf` are among them where they are imported: grpcurl asks for them too.

mod index;
mod messages;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use kiteline_core::body::{Messages, Source};
use kiteline_core::error::Error;
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Call, Handling, Idl, Method, Service, ServiceInfo};
use prost::Message;

use self::index::Index;
use self::messages::{Ask, ErrorReply, FileReply, ListReply, Named, NumbersReply, Reply, Request, Response};

/// Codes of `google.rpc.Code` in answers.
const NOT_FOUND: i32 = 5;
const INVALID_ARGUMENT: i32 = 3;

macro_rules! version {
    ($info:ident, $methods:ident, $package:literal) => {
        static $info: ServiceInfo = ServiceInfo {
            name: "ServerReflection",
            package: $package,
            registry_name: "",
            idl: Idl::Proto,
            methods: &$methods,
        };
        static $methods: [Method; 1] =
            [Method::new(Idl::Proto, concat!("/", $package, ".ServerReflection/ServerReflectionInfo"), 0)
                .streaming(true, true)];
    };
}

version!(V1, V1_METHODS, "grpc.reflection.v1");
version!(ALPHA, ALPHA_METHODS, "grpc.reflection.v1alpha");

/// The reflection service of a server.
pub(super) struct Reflection {
    info: &'static ServiceInfo,
    index: Arc<Index>,
}

impl Reflection {
    /// Both versions, for these services.
    pub(super) fn versions(services: &[Arc<dyn Service>], own: &[&'static ServiceInfo]) -> [Arc<dyn Service>; 2] {
        let names = own.iter().copied().chain([&V1, &ALPHA]);
        let index = Arc::new(Index::new(services, names));
        [&V1, &ALPHA].map(|info| Arc::new(Self { info, index: Arc::clone(&index) }) as Arc<dyn Service>)
    }
}

impl Service for Reflection {
    fn info(&self) -> &'static ServiceInfo {
        self.info
    }

    fn call(&self, call: Call) -> Handling {
        let answers = Answers { questions: call.body.into_messages(), index: Arc::clone(&self.index) };
        Box::pin(std::future::ready(Ok(Answer::from(Messages::from_source(answers)))))
    }
}

/// One answer for each question, in order.
struct Answers {
    questions: Messages,
    index: Arc<Index>,
}

impl Source for Answers {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let question = ready!(self.questions.poll_message(task));
        Poll::Ready(question.map(|question| {
            let question = question?;
            let request = Request::decode(question).map_err(|error| Error::invalid(error.to_string()))?;
            Ok(answer(&self.index, request).encode_to_vec().into())
        }))
    }

    fn trailers(self: Pin<&mut Self>) -> Metadata {
        Metadata::new()
    }
}

fn answer(index: &Index, request: Request) -> Response {
    let reply = match &request.ask {
        Some(Ask::FileByFilename(name)) => files(index.file(name), || format!("there is no file {name}")),
        Some(Ask::FileContainingSymbol(name)) => files(index.file_of(name), || format!("there is no symbol {name}")),
        Some(Ask::FileContainingExtension(asked)) => {
            let (of, number) = (&asked.containing_type, asked.extension_number);
            files(index.file_of_extension(of, number), || format!("{of} has no extension {number}"))
        }
        Some(Ask::AllExtensionNumbersOfType(of)) => match index.extensions(of) {
            Some(numbers) => {
                Reply::AllExtensionNumbers(NumbersReply { base_type_name: of.clone(), extension_number: numbers })
            }
            None => error(NOT_FOUND, format!("there is no type {of}")),
        },
        Some(Ask::ListServices(_)) => {
            let service = index.services().map(|name| Named { name: name.to_owned() }).collect();
            Reply::ListServices(ListReply { service })
        }
        None => error(INVALID_ARGUMENT, "the question is of no kind that is known here".to_owned()),
    };
    Response { valid_host: request.host.clone(), original_request: Some(request), reply: Some(reply) }
}

fn files(found: Option<Vec<Bytes>>, missing: impl FnOnce() -> String) -> Reply {
    match found {
        Some(file_descriptor_proto) => Reply::FileDescriptor(FileReply { file_descriptor_proto }),
        None => error(NOT_FOUND, missing()),
    }
}

fn error(error_code: i32, error_message: String) -> Reply {
    Reply::Error(ErrorReply { error_code, error_message })
}

#[cfg(test)]
mod tests;
