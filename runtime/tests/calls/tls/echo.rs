//! A Thrift and a proto service that give back what they are sent and tell the caller its own names.

use std::path::Path;
use std::time::Duration;

use e2e::{Authority, Identity};
use runtime::client::{Builder, Http, Request, Transport};
use runtime::server::Running;
use runtime::tls::{ClientTls, ServerTls};
use runtime::{
    Answer, Bytes, Call, Channel, Config, Context, Error, Handling, Idl, Limits, Method, Registry, Server, Service,
    ServiceInfo,
};
use tempfile::TempDir;

pub(crate) static THRIFT: [Method; 1] = [Method::new(Idl::Thrift, "/Echo/Echo", 0)];
pub(crate) static PROTO: [Method; 1] = [Method::new(Idl::Proto, "/echo.v1.Echoes/Echo", 0)];

static THRIFT_INFO: ServiceInfo =
    ServiceInfo { name: "Echo", package: "", registry_name: "echo", idl: Idl::Thrift, methods: &THRIFT };
static PROTO_INFO: ServiceInfo =
    ServiceInfo { name: "Echoes", package: "echo.v1", registry_name: "echoes", idl: Idl::Proto, methods: &PROTO };

struct Echo(&'static ServiceInfo);

impl Service for Echo {
    fn info(&self) -> &'static ServiceInfo {
        self.0
    }

    fn call(&self, call: Call) -> Handling {
        call.cx.send_back("caller", caller(&call.cx));
        let head = call.cx.take_reply_metadata().head;
        Box::pin(async move { Ok(Answer { head, body: call.body, ..Answer::default() }) })
    }
}

/// The proto service.
pub(crate) fn proto() -> impl Service {
    Echo(&PROTO_INFO)
}

/// Everything that a handler sees of its caller's certificate.
fn caller(cx: &Context) -> String {
    let Some(certificate) = cx.peer_certificate() else { return "nobody".to_owned() };
    assert!(certificate.der().starts_with(&[0x30, 0x82]));
    let names: Vec<_> = certificate.names().collect();
    format!("{} {}", certificate.common_name().unwrap_or_default(), names.join(" "))
}

/// A folder, an authority, and a server's certificate for `localhost` and 127.0.0.1.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) authority: Authority,
    pub(crate) server: Identity,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new(folder.path());
        let server = authority.sign("server", &["localhost", "127.0.0.1"]);
        Self { folder, authority, server }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The settings of a server that asks its callers for nothing.
    pub(crate) fn serving(&self) -> ServerTls {
        serving(&self.server)
    }

    /// The settings of a server that asks for certificates of this authority.
    pub(crate) fn mutual(&self) -> ServerTls {
        self.serving().client_ca(self.authority.trust("clients.pem"))
    }

    /// The settings of a client that trusts this authority.
    pub(crate) fn trusting(&self) -> ClientTls {
        ClientTls::new().ca(self.authority.trust("ca.pem"))
    }
}

pub(crate) fn serving(identity: &Identity) -> ServerTls {
    ServerTls::new(identity.cert.clone(), identity.key.clone())
}

pub(crate) fn server(tls: ServerTls, limits: Limits) -> Server {
    let mut config = Config { limits, ..Config::local() };
    config.server.tls = Some(tls);
    Server::new(config).add(Echo(&THRIFT_INFO)).add(Echo(&PROTO_INFO))
}

pub(crate) async fn start(tls: ServerTls) -> Running {
    server(tls, Limits::default()).start().await.unwrap()
}

/// Every way to call: a name, the method, and what says so to a channel.
pub(crate) type Way = (&'static str, &'static Method, fn(Builder) -> Builder);

pub(crate) const WAYS: [Way; 8] = [
    ("framed", &THRIFT[0], |it| it.transport(Transport::Framed)),
    ("ttheader", &THRIFT[0], |it| it.transport(Transport::TtheaderFramed)),
    ("multiplexed", &THRIFT[0], |it| it.transport(Transport::Multiplexed)),
    ("grpc", &PROTO[0], |it| it),
    ("grpc-web", &PROTO[0], |it| it.http(Http::grpc_web().over_http1())),
    ("connect", &PROTO[0], |it| it.http(Http::connect())),
    ("connect over http/1.1", &PROTO[0], |it| it.http(Http::connect().over_http1())),
    ("kitex-protobuf", &PROTO[0], |it| it.transport(Transport::Multiplexed)),
];

/// A channel to addresses as `static:` has them.
pub(crate) fn channel(way: &Way, addresses: &str, tls: Option<ClientTls>) -> Result<Channel, Error> {
    let registry = Registry::open(&format!("static:echo={addresses}")).unwrap();
    // A machine that is busy with other tests makes handshakes slowly.
    let builder = way.2(Channel::builder("echo").registry(&registry)).connect_timeout(Duration::from_secs(60));
    match tls {
        Some(tls) => builder.tls(tls),
        None => builder,
    }
    .build()
}

/// Sends bytes and gives those that came back, and who the server says that the caller is.
pub(crate) async fn call(way: &Way, channel: &Channel, bytes: Bytes) -> Result<(Bytes, Option<String>), Error> {
    let request: Request<Bytes, Error> = Request::new(channel, way.1, Ok(bytes), |body, _| Ok(body));
    let reply = request.send().await?;
    let caller = reply.metadata().get("caller").map(str::to_owned);
    Ok((reply.value, caller))
}
