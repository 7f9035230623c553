//! A server as a whole: its life, its limits, its events, its place in a registry, and what plugs in.

mod events;
mod fair;
mod file_registry;
mod life;
mod limits;
mod methods;
mod offers;
#[cfg(feature = "grpc")]
mod rolling;
mod toy_driver;
