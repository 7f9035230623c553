//! Kitex-Protobuf's exceptions. Its messages are those of strict Binary with another version, and
//! a proto message for a body (`protobuf.go` in cloudwego/kitex); frames are needed for their end.

use std::collections::HashMap;

use bytes::Bytes;
use prost::Message;

use super::exception::{Exception, Rest, code_of, type_of, types};
use kiteline_core::error::{Code, Detail, Error, Origin};

/// The body of an exception: fields 1 and 2 are Kitex's (`error.proto`), the others ours, with the
/// ids of the Thrift exception. Readers skip what they do not know.
#[derive(Clone, PartialEq, Message)]
struct Body {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    message: String,
    /// Only where the type does not say it.
    #[prost(int32, optional, tag = "3")]
    code: Option<i32>,
    #[prost(string, tag = "4")]
    reason: String,
    #[prost(int32, optional, tag = "5")]
    business: Option<i32>,
    #[prost(map = "string, string", tag = "6")]
    pairs: HashMap<String, String>,
    #[prost(message, repeated, tag = "7")]
    details: Vec<WireDetail>,
}

#[derive(Clone, PartialEq, Message)]
struct WireDetail {
    #[prost(string, tag = "1")]
    type_name: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

impl From<Detail> for WireDetail {
    fn from(Detail { type_name, value }: Detail) -> Self {
        Self { type_name, value }
    }
}

impl From<WireDetail> for Detail {
    fn from(WireDetail { type_name, value }: WireDetail) -> Self {
        Self { type_name, value }
    }
}

/// Writes an error.
pub(super) fn encode(error: &Error) -> Bytes {
    write(error, type_of(error))
}

/// The exception for a message that is not a request.
pub(super) fn wrong_message_type() -> Bytes {
    write(&Error::invalid("a server takes calls and oneways only"), types::MESSAGE_TYPE)
}

fn write(error: &Error, kind: i32) -> Bytes {
    let code = error.code();
    let body = Body {
        kind,
        message: error.message().to_owned(),
        code: (code != code_of(kind)).then_some(i32::from(code as u8)),
        reason: error.reason().to_owned(),
        business: error.business_code(),
        pairs: error.pairs().clone().into_iter().collect(),
        details: error.details().iter().cloned().map(WireDetail::from).collect(),
    };
    body.encode_to_vec().into()
}

/// Reads an error, and whether its sender may close the connection behind it; the frame's limit
/// bounds what it takes.
pub(super) fn decode(body: Bytes) -> (Error, bool) {
    match Body::decode(body) {
        Ok(Body { kind, message, code, reason, business, pairs, details }) => {
            let details = details.into_iter().map(Detail::from).collect();
            let rest = Rest { reason, pairs: pairs.into_iter().collect(), details };
            let exception = Exception { message, kind, code, business, rest };
            let may_close = exception.may_close();
            (exception.into_error(), may_close)
        }
        Err(error) => (Error::new(Code::Internal, error.to_string()).with_origin(Origin::Decode), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_more_is_what_kitex_writes() {
        let bytes = encode(&Error::internal("biz error: boom"));
        assert_eq!(bytes, &b"\x08\x06\x12\x0fbiz error: boom"[..]);
    }

    #[test]
    fn our_client_gets_the_whole_error_back() {
        let error = Error::not_found("no such user").with_reason("USER_GONE").with_pair("id", "7");
        let back = decode(encode(&error)).0;
        assert_eq!((back.code(), back.message(), back.reason()), (Code::NotFound, "no such user", "USER_GONE"));
        assert_eq!((back.pairs(), back.origin()), (error.pairs(), Origin::Remote));
        let back = decode(encode(&Error::business(-404, "refused", []))).0;
        assert_eq!(back.business_code(), Some(-404));
        assert_eq!(decode(wrong_message_type()).0.code(), Code::InvalidArgument);
        assert_eq!(decode(Bytes::from_static(b"\x0a")).0.origin(), Origin::Decode);
    }
}
