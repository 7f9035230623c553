//! A gRPC peer whose status details are not what they should be.

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};

/// A gRPC server that answers every call with status 3 and details that do not decode: in its
/// headers, or in trailers behind an empty body.
pub async fn bad_details(in_trailers: bool) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = hyper::service::service_fn(move |_: http::Request<Incoming>| async move {
        let status: HeaderMap = [("grpc-status", "3"), ("grpc-message", "no"), ("grpc-status-details-bin", "!!!")]
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
