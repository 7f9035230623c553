//! What both drivers need: the suite's way of speaking, its descriptors, metadata and errors as it writes them.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use prost::Message;
use runtime::metadata::Value;
use runtime::{Code, Detail, Error, Idl, Metadata, Method};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::wire::{Any, Failure, Header};

/// A failure of the driver itself.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

/// The methods of the suite's service.
pub static METHODS: [Method; 6] = [
    Method::new(Idl::Proto, "/connectrpc.conformance.v1.ConformanceService/Unary", 0),
    Method::new(Idl::Proto, "/connectrpc.conformance.v1.ConformanceService/ServerStream", 1).streaming(false, true),
    Method::new(Idl::Proto, "/connectrpc.conformance.v1.ConformanceService/ClientStream", 2).streaming(true, false),
    Method::new(Idl::Proto, "/connectrpc.conformance.v1.ConformanceService/BidiStream", 3).streaming(true, true),
    Method::new(Idl::Proto, "/connectrpc.conformance.v1.ConformanceService/Unimplemented", 4),
    Method::new(Idl::Proto, "/connectrpc.conformance.v1.ConformanceService/IdempotentUnary", 5).safe(),
];

/// Reads a message behind its length; `None` at the end.
pub async fn read<M: Message + Default>(input: &mut (impl AsyncRead + Unpin)) -> Result<Option<M>, Broken> {
    let length = match input.read_u32().await {
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = vec![0; usize::try_from(length)?];
    input.read_exact(&mut bytes).await?;
    Ok(Some(M::decode(&bytes[..])?))
}

/// Writes a message behind its length.
pub async fn write(message: &impl Message, output: &mut (impl AsyncWrite + Unpin)) -> Result<(), Broken> {
    let mut bytes = Vec::from(u32::try_from(message.encoded_len())?.to_be_bytes());
    message.encode(&mut bytes)?;
    output.write_all(&bytes).await?;
    output.flush().await?;
    Ok(())
}

/// Adds headers, whose bytes the suite writes in base64.
pub fn add(headers: &[Header], mut to: impl FnMut(&str, Value)) {
    for Header { name, value } in headers {
        for text in value {
            let bytes = name.to_ascii_lowercase().ends_with("-bin").then(|| base64(text)).flatten();
            to(name, bytes.map_or_else(|| Value::from(text), Value::from));
        }
    }
}

fn base64(text: &str) -> Option<Bytes> {
    runtime::metadata::base64::decode(text)
}

/// Metadata as the suite writes it.
pub fn headers(metadata: &Metadata) -> Vec<Header> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for entry in metadata {
        let text = match entry.value() {
            Value::Text(text) => text.to_string(),
            Value::Bytes(bytes) => runtime::metadata::base64::encode(bytes),
        };
        found.entry(entry.name().to_owned()).or_default().push(text);
    }
    found.into_iter().map(|(name, value)| Header { name, value }).collect()
}

/// An error that the suite describes.
pub fn error(failure: &Failure) -> Error {
    let code = Code::from_number(failure.code).unwrap_or(Code::Unknown);
    let error = Error::new(code, failure.message.clone().unwrap_or_default());
    failure.details.iter().fold(error, |error, Any { type_url, value }| {
        let type_name = type_url.rsplit('/').next().unwrap_or_default().to_owned();
        error.with_encoded_detail(Detail { type_name, value: value.clone() })
    })
}

/// An error as the suite describes it.
pub fn failure(error: &Error) -> Failure {
    let details = error.details().iter().map(|detail| any(&detail.type_name, detail.value.clone()));
    let (code, message) = (i32::from(error.code() as u8), Some(error.message().to_owned()));
    Failure { code, message, details: details.collect() }
}

/// A message of a type.
pub fn any(type_name: &str, value: Bytes) -> Any {
    Any { type_url: format!("type.googleapis.com/{type_name}"), value }
}
