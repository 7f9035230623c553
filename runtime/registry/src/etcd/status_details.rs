//! Removes status details that do not decode from a gRPC peer's answer, before tonic reads them.
//!
//! tonic decodes `grpc-status-details-bin` without a way to say that it is not base64; the bytes are
//! the peer's, so they are checked here first. An answer without details keeps its code and message.

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::metadata::MetadataMap;

const DETAILS: &str = "grpc-status-details-bin";

/// The answer with its headers checked now and its trailers once they come.
pub(super) fn checked(
    response: http::Response<Body>,
) -> http::Response<impl BodyExt<Data = Bytes, Error = tonic::Status> + Send + use<>> {
    let (mut head, body) = response.into_parts();
    check(&mut head.headers);
    let body = body.map_frame(|mut frame| {
        if let Some(trailers) = frame.trailers_mut() {
            check(trailers);
        }
        frame
    });
    http::Response::from_parts(head, body)
}

fn check(headers: &mut HeaderMap) {
    if headers.contains_key(DETAILS) && !decodes(headers) {
        headers.remove(DETAILS);
    }
}

/// Whether the decoder that tonic will use takes the first value, the one that it will read.
fn decodes(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(DETAILS) else { return true };
    let alone = HeaderMap::from_iter([(http::HeaderName::from_static(DETAILS), value.clone())]);
    MetadataMap::from_headers(alone).get_bin(DETAILS).is_some_and(|value| value.to_bytes().is_ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(details: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([
            (http::HeaderName::from_static("grpc-status"), HeaderValue::from_static("3")),
            (http::HeaderName::from_static(DETAILS), HeaderValue::from_bytes(details).unwrap()),
        ])
    }

    #[test]
    fn details_stay_where_they_decode_and_go_where_they_do_not() {
        let kept: [&[u8]; 4] = [b"", b"CAU", b"CAU=", b"CAUSBG5vcGU="];
        let dropped: [&[u8]; 8] = [b"!!!", b"C", b"CAU==", b"CA U", b"CAV", b"-_-_", b"=", b"\xff\xfe"];
        for (values, stays) in [(&kept[..], true), (&dropped[..], false)] {
            for details in values {
                let mut headers = headers(details);
                check(&mut headers);
                assert_eq!(headers.contains_key(DETAILS), stays, "{}", String::from_utf8_lossy(details));
                let status = tonic::Status::from_header_map(&headers).unwrap();
                assert_eq!(status.code(), tonic::Code::InvalidArgument);
            }
        }
    }

    #[test]
    fn no_details_of_any_bytes_end_the_process() {
        for first in 0x20..=0xff_u8 {
            for second in 0x20..=0xff_u8 {
                if first == 0x7f || second == 0x7f {
                    continue;
                }
                let mut headers = headers(&[first, second, b'=', b'=']);
                check(&mut headers);
                assert!(tonic::Status::from_header_map(&headers).is_some());
            }
        }
    }
}
