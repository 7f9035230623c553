//! Content types: which protocol a call over HTTP speaks, and how its messages are encoded.
//!
//! gRPC (`PROTOCOL-HTTP2.md`), gRPC-Web (`PROTOCOL-WEB.md`) and Connect (connectrpc.com/docs/protocol).

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};

use kiteline_core::service::Form;

/// A protocol of calls over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// gRPC: envelopes, the status in HTTP trailers.
    #[default]
    Grpc,
    /// gRPC-Web: envelopes, the status in an envelope of its own.
    GrpcWeb,
    /// The same in base64, for callers that can read text alone.
    GrpcWebText,
    /// Connect for one message each way: bodies are messages, errors are HTTP's with a JSON body.
    Connect,
    /// HTTP as the IDL describes it: a verb and a path for each method, bodies in JSON, errors as HTTP's.
    Rest,
    /// Connect for streams: envelopes, the last of which says how the call ended.
    ConnectStream,
    /// go-micro's default transport: `POST /` whose headers name the method, bodies are messages, errors stand in a header.
    Micro,
}

impl Protocol {
    /// Whether messages stand in envelopes.
    pub fn has_envelopes(self) -> bool {
        !matches!(self, Self::Connect | Self::Rest | Self::Micro)
    }

    /// Whether it is one of Connect's.
    pub fn is_connect(self) -> bool {
        matches!(self, Self::Connect | Self::ConnectStream)
    }

    /// The header that names the compression of messages.
    pub fn encoding(self) -> &'static HeaderName {
        static CONNECT: HeaderName = HeaderName::from_static("connect-content-encoding");
        static GRPC: HeaderName = HeaderName::from_static("grpc-encoding");
        match self {
            Self::Connect | Self::Rest | Self::Micro => &CONTENT_ENCODING,
            Self::ConnectStream => &CONNECT,
            _ => &GRPC,
        }
    }

    /// The header that names the compressions that are understood.
    pub fn accepts(self) -> &'static HeaderName {
        static CONNECT: HeaderName = HeaderName::from_static("connect-accept-encoding");
        static GRPC: HeaderName = HeaderName::from_static("grpc-accept-encoding");
        match self {
            Self::Connect | Self::Rest | Self::Micro => &ACCEPT_ENCODING,
            Self::ConnectStream => &CONNECT,
            _ => &GRPC,
        }
    }
}

/// The meaning of a content type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Content {
    /// The protocol.
    pub protocol: Protocol,
    /// How messages are encoded.
    pub form: Form,
}

/// Why a content type is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// It is of none of the protocols: HTTP's 415.
    Unknown,
    /// It is gRPC's, of a form that nobody here reads: a status.
    Form,
}

/// The `Accept-Post` of a port that got another content type.
pub const SERVED: &str = "application/grpc, application/grpc+proto, application/grpc+json, \
    application/grpc-web, application/grpc-web+proto, application/grpc-web+json, application/grpc-web-text, \
    application/grpc-web-text+proto, application/proto, application/json, application/connect+proto, \
    application/connect+json";

const PREFIXES: [(&str, Protocol); 4] = [
    ("application/grpc-web-text", Protocol::GrpcWebText),
    ("application/grpc-web", Protocol::GrpcWeb),
    ("application/grpc", Protocol::Grpc),
    ("application/connect", Protocol::ConnectStream),
];

/// What most requests say, to the letter.
const USUAL: [(&str, Content); 4] = [
    ("application/json", Content { protocol: Protocol::Connect, form: Form::Json }),
    ("application/grpc", Content { protocol: Protocol::Grpc, form: Form::Binary }),
    ("application/grpc+proto", Content { protocol: Protocol::Grpc, form: Form::Binary }),
    ("application/proto", Content { protocol: Protocol::Connect, form: Form::Binary }),
];

impl Content {
    /// The content type of a request with these headers.
    ///
    /// # Errors
    ///
    /// For one that is not served, or none.
    pub fn of(headers: &HeaderMap) -> Result<Self, Unserved> {
        Self::read(headers.get(CONTENT_TYPE).and_then(|label| label.to_str().ok()).unwrap_or_default())
    }

    /// Reads the value of `content-type`; parameters are not looked at.
    ///
    /// # Errors
    ///
    /// For one that is not served.
    pub fn read(text: &str) -> Result<Self, Unserved> {
        if let Some((_, known)) = USUAL.iter().find(|(usual, _)| *usual == text) {
            return Ok(*known);
        }
        let essence = text.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        if is("application/json") {
            return Ok(Self { protocol: Protocol::Connect, form: Form::Json });
        }
        if is("application/proto") {
            return Ok(Self { protocol: Protocol::Connect, form: Form::Binary });
        }
        let behind = |prefix: &str| {
            let (start, rest) = essence.split_at_checked(prefix.len())?;
            start.eq_ignore_ascii_case(prefix).then_some(rest)
        };
        let found = PREFIXES.iter().find_map(|(prefix, protocol)| Some((*protocol, behind(prefix)?)));
        let (protocol, subtype) = found.ok_or(Unserved::Unknown)?;
        let form = match (protocol, subtype.to_ascii_lowercase().as_str()) {
            (Protocol::ConnectStream, "+proto") => Form::Binary,
            (Protocol::ConnectStream, "+json") => Form::Json,
            (Protocol::ConnectStream, _) => return Err(Unserved::Unknown),
            (_, "" | "+proto" | "+bytes") => Form::Binary,
            (_, "+json") => Form::Json,
            (_, other) if other.starts_with('+') => return Err(Unserved::Form),
            _ => return Err(Unserved::Unknown),
        };
        Ok(Self { protocol, form })
    }

    /// The meaning of a content type on go-micro's default transport; protobuf where there is none.
    pub fn of_micro(headers: &HeaderMap) -> Option<Self> {
        let form = match headers.get(CONTENT_TYPE).map_or(Ok(""), |label| label.to_str()).ok()? {
            "" | "application/protobuf" => Form::Binary,
            "application/json" => Form::Json,
            _ => return None,
        };
        Some(Self { protocol: Protocol::Micro, form })
    }

    /// The content type of a request.
    pub fn name(self) -> &'static str {
        match (self.protocol, self.form) {
            (Protocol::Grpc, Form::Binary) => "application/grpc",
            (Protocol::Grpc, Form::Json) => "application/grpc+json",
            (Protocol::GrpcWeb, Form::Binary) => "application/grpc-web+proto",
            (Protocol::GrpcWeb, Form::Json) => "application/grpc-web+json",
            (Protocol::GrpcWebText, Form::Binary) => "application/grpc-web-text+proto",
            (Protocol::GrpcWebText, Form::Json) => "application/grpc-web-text+json",
            (Protocol::Connect, Form::Binary) => "application/proto",
            (Protocol::Connect | Protocol::Rest | Protocol::Micro, Form::Json) => "application/json",
            (Protocol::Micro, Form::Binary) => "application/protobuf",
            (Protocol::Rest, Form::Binary) => "application/octet-stream",
            (Protocol::ConnectStream, Form::Binary) => "application/connect+proto",
            (Protocol::ConnectStream, Form::Json) => "application/connect+json",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOLS: [Protocol; 5] =
        [Protocol::Grpc, Protocol::GrpcWeb, Protocol::GrpcWebText, Protocol::Connect, Protocol::ConnectStream];

    #[test]
    fn every_content_type_is_read_as_it_is_written() {
        for protocol in PROTOCOLS {
            for form in [Form::Binary, Form::Json] {
                let content = Content { protocol, form };
                assert_eq!(Content::read(content.name()), Ok(content));
            }
        }
    }

    #[test]
    fn the_subtype_is_the_form() {
        let grpc = |form| Ok(Content { protocol: Protocol::Grpc, form });
        for proto in ["application/grpc", "application/grpc+proto", "Application/gRPC+bytes", "application/grpc;a=b"] {
            assert_eq!(Content::read(proto), grpc(Form::Binary), "{proto}");
        }
        assert_eq!(Content::read("application/grpc+json; charset=utf-8"), grpc(Form::Json));
        for other in ["application/grpc+xml", "application/grpc+thrift", "application/grpc-web+xml"] {
            assert_eq!(Content::read(other), Err(Unserved::Form), "{other}");
        }
        for other in ["", "text/plain", "application/grpcx", "application/connect", "application/connect+xml", "é"] {
            assert_eq!(Content::read(other), Err(Unserved::Unknown), "{other}");
        }
    }
}
