use kiteline_core::context::Context;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    MethodDescriptorProto, ServiceDescriptorProto,
};

use super::index::Encoded;
use super::messages::Extension;
use super::*;

static HELLO: ServiceInfo =
    ServiceInfo { name: "Hello", package: "hello.v1", registry_name: "hello", idl: Idl::Proto, methods: &[] };
static BARE: ServiceInfo =
    ServiceInfo { name: "Bare", package: "", registry_name: "bare", idl: Idl::Proto, methods: &[] };
static THRIFT: ServiceInfo =
    ServiceInfo { name: "Old", package: "", registry_name: "old", idl: Idl::Thrift, methods: &[] };

struct Described(&'static ServiceInfo, &'static [u8]);

impl Service for Described {
    fn info(&self) -> &'static ServiceInfo {
        self.0
    }

    fn call(&self, call: Call) -> Handling {
        kiteline_core::service::unknown_method(&call)
    }

    fn descriptors(&self) -> &'static [u8] {
        self.1
    }
}

fn named<T>(name: &str, make: impl FnOnce(Option<String>) -> T) -> T {
    make(Some(name.to_owned()))
}

fn set() -> &'static [u8] {
    let field = named("text", |name| FieldDescriptorProto { name, ..Default::default() });
    let deep = named("Deep", |name| DescriptorProto { name, field: vec![field], ..Default::default() });
    let request = named("Request", |name| DescriptorProto { name, nested_type: vec![deep], ..Default::default() });
    let extension = FieldDescriptorProto {
        name: Some("more".into()),
        extendee: Some(".hello.v1.Request".into()),
        number: Some(100),
        ..Default::default()
    };
    let method = named("Say", |name| MethodDescriptorProto { name, ..Default::default() });
    let service = named("Hello", |name| ServiceDescriptorProto { name, method: vec![method], ..Default::default() });
    let value = named("RED", |name| EnumValueDescriptorProto { name, ..Default::default() });
    let colour = named("Colour", |name| EnumDescriptorProto { name, value: vec![value], ..Default::default() });
    let base = FileDescriptorProto {
        name: Some("base.proto".into()),
        package: Some("hello.v1".into()),
        enum_type: vec![colour],
        ..Default::default()
    };
    let hello = FileDescriptorProto {
        name: Some("hello.proto".into()),
        package: Some("hello.v1".into()),
        dependency: vec!["base.proto".into(), "google/protobuf/empty.proto".into()],
        message_type: vec![request],
        extension: vec![extension],
        service: vec![service],
        ..Default::default()
    };
    let base = [base.encode_to_vec(), OPTION.to_vec()].concat().into();
    Encoded { file: vec![base, hello.encode_to_vec().into()] }.encode_to_vec().leak()
}

/// Options of a file (field 8), in which field 50000 is a text.
const OPTION: &[u8] = b"\x42\x07\x82\xb5\x18\x03abc";

async fn ask(asks: &[Ask]) -> Vec<Reply> {
    let services: [Arc<dyn Service>; 3] =
        [Arc::new(Described(&HELLO, set())), Arc::new(Described(&BARE, b"\xff")), Arc::new(Described(&THRIFT, b""))];
    let [v1, _] = Reflection::versions(&services, &[]);
    let (mut sender, questions) = Messages::channel(1 << 20);
    for ask in asks {
        let request = Request { host: "h".into(), ask: Some(ask.clone()) };
        sender.send(request.encode_to_vec().into()).await.unwrap();
    }
    sender.finish(Metadata::new());
    let call = Call::new(&v1.info().methods[0], Context::new(), questions, Default::default());
    let mut answers = v1.call(call).await.unwrap().body.into_messages();
    let mut replies = Vec::new();
    while let Some(answer) = answers.next().await {
        let response = Response::decode(answer.unwrap()).unwrap();
        assert_eq!(response.valid_host, "h");
        assert_eq!(response.original_request.unwrap().ask.unwrap(), asks[replies.len()]);
        replies.push(response.reply.unwrap());
    }
    replies
}

fn names(reply: &Reply) -> Vec<String> {
    let Reply::FileDescriptor(FileReply { file_descriptor_proto }) = reply else { panic!("{reply:?}") };
    let name = |file: &Bytes| FileDescriptorProto::decode(file.clone()).unwrap().name().to_owned();
    file_descriptor_proto.iter().map(name).collect()
}

#[tokio::test]
async fn proto_services_are_listed() {
    let [Reply::ListServices(list)] = &ask(&[Ask::ListServices(String::new())]).await[..] else { panic!() };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    let own = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
    assert_eq!(names, ["Bare", own[0], own[1], "hello.v1.Hello"]);
}

#[tokio::test]
async fn symbols_lead_to_their_files_and_what_those_import() {
    let symbols = ["hello.v1.Hello", "hello.v1.Hello.Say", "hello.v1.Request.Deep.text", ".hello.v1.more"];
    let asks = symbols.map(|name| Ask::FileContainingSymbol(name.to_owned()));
    for reply in ask(&asks).await {
        assert_eq!(names(&reply), ["hello.proto", "base.proto"]);
    }
    let asks = ["hello.v1.Colour", "hello.v1.RED"].map(|name| Ask::FileContainingSymbol(name.to_owned()));
    for reply in ask(&asks).await {
        assert_eq!(names(&reply), ["base.proto"]);
    }
    let asks = [Ask::FileByFilename("base.proto".into())];
    assert_eq!(names(&ask(&asks).await[0]), ["base.proto"]);
}

/// Options of the user's own extensions are fields that nobody here knows.
#[tokio::test]
async fn files_are_told_as_they_were_written() {
    let reply = ask(&[Ask::FileByFilename("base.proto".into())]).await.remove(0);
    let Reply::FileDescriptor(FileReply { file_descriptor_proto }) = reply else { panic!("{reply:?}") };
    assert!(file_descriptor_proto[0].ends_with(OPTION), "{file_descriptor_proto:?}");
}

#[tokio::test]
async fn extensions_are_found_by_number() {
    let asked = |extension_number| {
        Ask::FileContainingExtension(Extension { containing_type: "hello.v1.Request".into(), extension_number })
    };
    let replies = ask(&[
        asked(100),
        asked(101),
        Ask::AllExtensionNumbersOfType("hello.v1.Request".into()),
        Ask::AllExtensionNumbersOfType("hello.v1.Request.Deep".into()),
        Ask::AllExtensionNumbersOfType("nobody".into()),
    ])
    .await;
    assert_eq!(names(&replies[0]), ["hello.proto", "base.proto"]);
    let numbers = |reply: &Reply| match reply {
        Reply::AllExtensionNumbers(numbers) => Some(numbers.extension_number.clone()),
        _ => None,
    };
    assert_eq!([numbers(&replies[2]), numbers(&replies[3])], [Some(vec![100]), Some(vec![])]);
    for (reply, text) in
        [(&replies[1], "hello.v1.Request has no extension 101"), (&replies[4], "there is no type nobody")]
    {
        let Reply::Error(error) = reply else { panic!("{reply:?}") };
        assert_eq!((error.error_code, error.error_message.as_str()), (NOT_FOUND, text));
    }
}

#[tokio::test]
async fn what_is_not_here_is_told() {
    for (ask_one, text) in [
        (Ask::FileByFilename("x.proto".into()), "there is no file x.proto"),
        (Ask::FileContainingSymbol("x.Y".into()), "there is no symbol x.Y"),
    ] {
        let Reply::Error(error) = ask(&[ask_one]).await.remove(0) else { panic!() };
        assert_eq!((error.error_code, error.error_message.as_str()), (NOT_FOUND, text));
    }
}
