//! Everything that reads a call over HTTP: envelopes in any chunks, compressed or not, ends of streams, errors in
//! JSON, queries, base64.

use bytes::Bytes;
use fuzz::{Random, chunks, executions, fuzz};
use runtime::grpc::{Caller, Content, Encoding, Frames, Protocol, connect, envelope, error_of, micro, status_of, web};
use runtime::metadata::Unread;
use runtime::{Code, Error};

/// Bytes of one message at most.
const MOST: usize = 4096;

fn bodies() -> Vec<Vec<u8>> {
    let end = connect::write_end(&status_of(&Error::not_found("gone").with_reason("R")), &http::HeaderMap::new());
    let plain = [envelope::seal(0, b"one"), envelope::seal(0, &[7; 300])].concat();
    let packed = |bytes: &[u8]| Encoding::Gzip.pack(Bytes::copy_from_slice(bytes)).1;
    let zipped = [envelope::seal(1, &packed(&[7; 3000])), envelope::seal(1, &packed(b"x"))].concat();
    let ends = [envelope::seal(0, b"x"), envelope::seal(2, &end), envelope::seal(0x80, b"grpc-status: 0\r\n")].concat();
    let text = web::to_text(&plain).to_vec();
    vec![plain, zipped, ends, text]
}

#[test]
fn bodies_in_any_chunks() {
    let protocols = [Protocol::Grpc, Protocol::GrpcWeb, Protocol::GrpcWebText, Protocol::ConnectStream];
    let mut random = Random::new(1);
    fuzz(&bodies(), executions(8_000), |input| {
        for protocol in protocols {
            let mut frames = Frames::new(protocol, Encoding::Gzip, MOST);
            let mut largest = 0;
            'body: for chunk in chunks(input, &mut random) {
                if frames.push(Bytes::copy_from_slice(chunk)).is_err() {
                    break;
                }
                loop {
                    match frames.take() {
                        Ok(Some(runtime::grpc::Piece::Message(body) | runtime::grpc::Piece::End(body))) => {
                            largest = largest.max(body.len());
                        }
                        Ok(None) => break,
                        Err(_) => break 'body,
                    }
                }
            }
            let _ = frames.finish();
            assert!(largest <= MOST, "{largest}");
        }
    });
}

#[test]
fn compressed_messages() {
    for encoding in [Encoding::Gzip, Encoding::Zstd] {
        let packed = |bytes: &[u8]| encoding.pack(Bytes::copy_from_slice(bytes)).1.to_vec();
        fuzz(&[packed(b"hello hello hello"), packed(&[0; 4000])], executions(20_000), |input| {
            let message = encoding.unpack(Bytes::copy_from_slice(input), 100);
            assert!(message.map_or(0, |bytes| bytes.len()) <= 100);
        });
    }
}

/// A block that is changed has the same headers, but for one value of the same length.
#[test]
fn authorities() {
    let block = |value: &[u8]| [&[0x83, 0x86, 0x41, value.len() as u8][..], value, &[0x5f, 1, b'x']].concat();
    let corpus = [block(b"h1:2379,h2:2379"), block(b"a/b"), vec![0x83, 0x41, 0x83, 0x1b, 0x11, 0xff, 0x84]];
    fuzz(&corpus, executions(50_000), |input| {
        if let Some(mended) = runtime::grpc::authority::mended(input) {
            assert!(mended.len() <= input.len() * 2 + 3, "{input:?}");
            assert_eq!(runtime::grpc::authority::mended(&mended), None, "{input:?}");
        }
    });
}

#[test]
fn heads_of_go_micro_s_default_transport() {
    let corpus = [
        br#"{"id":"hello.srv.say","code":404,"detail":"user x \u00e9 not found","status":"Not Found"}"#.to_vec(),
        b"Greeter.Hello".to_vec(),
        b"application/protobuf".to_vec(),
        b"2000000000".to_vec(),
    ];
    fuzz(&corpus, executions(20_000), |input| {
        let Ok(value) = http::HeaderValue::from_bytes(input) else { return };
        let error = micro::read_error(&value);
        assert_eq!(error.origin(), runtime::error::Origin::Remote);
        assert!(micro::write_error(&error, "Greeter").len() <= 2 * 6 * 2048 + 100);
        let names = ["micro-endpoint", "micro-method", "timeout", "content-type"];
        let headers: http::HeaderMap = names.map(|name| (name.parse().unwrap(), value.clone())).into_iter().collect();
        assert!(micro::endpoint(&headers).is_none_or(|endpoint| !endpoint.is_empty()));
        let caller = Caller::of_micro(&headers);
        assert!(caller.is_none() || input.is_empty() || input.starts_with(b"application/"));
        let _ = caller.map(|caller| (caller.wait(&headers), caller.metadata(headers).map(|unread| unread.read())));
    });
}

#[test]
fn ends_errors_and_queries() {
    let status = status_of(&Error::not_found("gone ✗").with_reason("R").with_pair("a", "b"));
    let corpus = [
        connect::write_error(&status).to_vec(),
        connect::write_end(&status, &http::HeaderMap::new()).to_vec(),
        b"grpc-status: 5\r\ngrpc-message: a%20b\r\nx-bin: AAEC\r\n".to_vec(),
        b"connect=v1&encoding=proto&compression=gzip&base64=1&message=-_8A".to_vec(),
        b"application/grpc-web-text+proto; charset=utf-8".to_vec(),
    ];
    fuzz(&corpus, executions(20_000), |input| {
        let error = connect::read_error(input, Code::Unknown).map(|status| error_of(&status));
        assert!(error.is_none_or(|error| error.origin() == runtime::error::Origin::Remote));
        let _ = connect::read_end(input).map(|(status, _)| error_of(&status));
        let trailers = web::read_trailers(input);
        let _ = runtime::grpc::read_metadata(&trailers);
        let text = String::from_utf8_lossy(input);
        let _ = connect::Query::read(&text).message();
        let _ = Content::read(&text);
    });
}
