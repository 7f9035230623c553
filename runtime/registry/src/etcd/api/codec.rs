//! Protobuf messages as the bodies of gRPC calls.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Writes `W` and reads `R`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageCodec<W, R>(PhantomData<(W, R)>);

impl<W, R> MessageCodec<W, R> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<W: Message + 'static, R: Message + Default + 'static> Codec for MessageCodec<W, R> {
    type Encode = W;
    type Decode = R;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self::new()
    }

    fn decoder(&mut self) -> Self {
        Self::new()
    }
}

impl<W: Message, R> Encoder for MessageCodec<W, R> {
    type Item = W;
    type Error = Status;

    fn encode(&mut self, item: W, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(out).map_err(|error| Status::internal(error.to_string()))
    }
}

impl<W, R: Message + Default> Decoder for MessageCodec<W, R> {
    type Item = R;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<R>, Status> {
        R::decode(bytes).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
