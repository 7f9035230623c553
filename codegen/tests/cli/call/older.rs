//! Servers whose reflection is another than ours: none, and that of `v1alpha` alone, as older ones have.

use bytes::Bytes;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use runtime::{Answer, Call, Config, Handling, Idl, Method, Server, Service, ServiceInfo};

use super::Caller;
use super::servers::{Chat, descriptors, serving};

static METHODS: [Method; 1] =
    [Method::new(Idl::Proto, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", 0)
        .streaming(true, true)];
static INFO: ServiceInfo = ServiceInfo {
    name: "ServerReflection",
    package: "grpc.reflection.v1alpha",
    registry_name: "reflection",
    idl: Idl::Proto,
    methods: &METHODS,
};

/// Field `number` of a message, with bytes in it.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(bytes.len() as u64, &mut out);
    out.extend(bytes);
    out
}

/// Tells one file at a time: what the service's file imports is asked for by name.
struct Alpha(FileDescriptorSet);

impl Alpha {
    fn file(&self, name: &str) -> Vec<u8> {
        let file = self.0.file.iter().find(|it| it.name() == name).unwrap();
        field(4, &field(1, &file.encode_to_vec()))
    }
}

impl Service for Alpha {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let it = Self(self.0.clone());
        let answers = call.body.into_messages().map(move |question| {
            let text = std::str::from_utf8(&question[2..]).unwrap();
            Ok(Bytes::from(match question[0] >> 3 {
                7 => field(6, &[field(1, &field(1, b"chat.v1.Chat")), field(1, &field(1, b"not.There"))].concat()),
                4 if text == "chat.v1.Chat" => it.file("chat.proto"),
                // An `ErrorResponse`.
                4 => field(7, &field(2, b"unknown")),
                _ => it.file(text),
            }))
        });
        Box::pin(std::future::ready(Ok(Answer::new(&call.cx, answers))))
    }
}

fn config() -> Config {
    let mut config = Config::local();
    config.server.reflection = false;
    config
}

#[test]
fn a_server_with_the_older_reflection_tells_its_services() {
    let chat = descriptors();
    let alpha = Alpha(FileDescriptorSet::decode(chat).unwrap());
    let server = serving(Server::new(config()).add(Chat(chat)).add(alpha));
    let it = Caller::new(&server.address, &[]);
    it.call(&["Chat/Say", "{\"text\": \"a\"}"]).gives("{\"text\": \"a\"}\n");
}

#[test]
fn a_server_without_reflection_is_said_to_have_none() {
    let server = serving(Server::new(config()).add(Chat(descriptors())));
    let it = Caller::new(&server.address, &[]);
    let how = "name the IDL, such as `kiteline call idl/add.thrift …`";
    let said = format!("error: {} does not tell its services, since it has no reflection: {how}\n", it.address);
    it.call(&["Chat/Say"]).fails(1, &said);
}
