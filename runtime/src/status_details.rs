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
pub(crate) fn checked(
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
pub(crate) mod tests {
    use http::HeaderValue;

    use super::*;

    /// A gRPC server that answers every call with status 3 and details that do not decode: in its
    /// headers, or in trailers behind an empty body.
    #[cfg(any(feature = "grpc", feature = "dev"))]
    pub(crate) async fn peer(in_trailers: bool) -> std::net::SocketAddr {
        use hyper::body::Incoming;
        use hyper_util::rt::{TokioExecutor, TokioIo};

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = hyper::service::service_fn(move |_: http::Request<Incoming>| async move {
            let status: HeaderMap = [("grpc-status", "3"), ("grpc-message", "no"), (DETAILS, "!!!")]
                .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
                .into_iter()
                .collect();
            let empty = http_body_util::Empty::<Bytes>::new();
            let mut answer = http::Response::new(empty.with_trailers(std::future::ready(None)));
            if in_trailers {
                *answer.body_mut() = empty.with_trailers(std::future::ready(Some(Ok(status))));
            } else {
                answer.headers_mut().extend(status);
            }
            answer.headers_mut().insert("content-type", http::HeaderValue::from_static("application/grpc"));
            Ok::<_, std::convert::Infallible>(answer)
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(http.serve_connection(TokioIo::new(stream), answer));
            }
        });
        address
    }

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
