//! etcd's v3 API: the messages and calls that a registry needs, as a client and as the embedded
//! server. Knows no registry.

mod client;
mod codec;
mod leases;
mod messages;

#[cfg(feature = "dev")]
pub(crate) use client::unary;
pub(crate) use client::{Channel, Client, Error, WatchStream};
#[cfg(feature = "dev")]
pub(crate) use codec::MessageCodec;
#[cfg(feature = "dev")]
pub(crate) use leases::*;
pub(crate) use messages::*;
