//! How a channel makes calls over HTTP, as its builder says.

use http::Version;

#[cfg(doc)]
use super::super::channel::Builder;
use kiteline_grpc::{Encoding, Form, Protocol, Spelling};

/// How a proto service is called over HTTP; see [`Builder::http`].
///
/// ```
/// use runtime::client::Http;
///
/// let _channel = runtime::Channel::builder("greeter").http(Http::connect().with_gzip());
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is for `Builder::http`"]
pub struct Http {
    pub(super) protocol: Protocol,
    pub(super) version: Version,
    pub(super) encoding: Encoding,
    pub(super) get: bool,
    pub(super) spelling: Spelling,
    pub(super) form: Form,
}

impl Default for Http {
    fn default() -> Self {
        Self::grpc()
    }
}

impl Http {
    fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            version: Version::HTTP_2,
            encoding: Encoding::Identity,
            get: false,
            spelling: Spelling::default(),
            form: Form::Binary,
        }
    }

    /// gRPC. The default. Instances of go-micro that serve its default transport (`protocol` is `mucp`) are called by that,
    /// whatever is said here, but for [`Http::rest`].
    pub fn grpc() -> Self {
        Self::new(Protocol::Grpc)
    }

    /// gRPC-Web.
    pub fn grpc_web() -> Self {
        Self::new(Protocol::GrpcWeb)
    }

    /// Connect.
    pub fn connect() -> Self {
        Self::new(Protocol::Connect)
    }

    /// By the routes of HTTP that the IDL describes, at the endpoints that say `http`, in JSON: for clients whose code was
    /// generated with it. Kratos' servers are called so. Over HTTP/1.1; methods without a route, and streams, are called as Connect's.
    ///
    /// ```
    /// use runtime::client::Http;
    ///
    /// let _channel = runtime::Channel::builder("helloworld").http(Http::rest());
    /// ```
    pub fn rest() -> Self {
        Self { form: Form::Json, version: Version::HTTP_11, ..Self::new(Protocol::Rest) }
    }

    /// The scheme of the endpoints that are called.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.protocol == Protocol::Rest { "http" } else { "grpc" }
    }

    /// Over HTTP/1.1, one call at a time on a connection. gRPC stays on HTTP/2.
    pub fn over_http1(mut self) -> Self {
        if self.protocol != Protocol::Grpc {
            self.version = Version::HTTP_11;
        }
        self
    }

    /// Compresses requests. Answers may be compressed in any case.
    pub fn with_gzip(mut self) -> Self {
        self.encoding = Encoding::Gzip;
        self
    }

    /// Compresses requests with zstd, which fewer servers read.
    #[cfg(feature = "zstd")]
    pub fn with_zstd(mut self) -> Self {
        self.encoding = Encoding::Zstd;
        self
    }

    /// Asks with `GET` where a method of Connect's has no side effects.
    pub fn with_get(mut self) -> Self {
        self.get = true;
        self
    }

    /// Spells pairs for the next hop and for every hop as the services do that are called; the default is Kitex's way.
    /// Our servers read all of them.
    ///
    /// ```
    /// use runtime::client::Http;
    /// use runtime::grpc::Spelling;
    ///
    /// let _channel = runtime::Channel::builder("users").http(Http::grpc().with_spelling(Spelling::Kratos));
    /// ```
    pub fn with_spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// Sends messages in JSON, for clients whose code was generated with it (the option `json`); other ones stay with proto's
    /// own encoding.
    pub fn with_json(mut self) -> Self {
        self.form = Form::Json;
        self
    }
}
