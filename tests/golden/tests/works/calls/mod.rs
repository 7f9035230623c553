//! Every kind of method through a real server and generated clients over loopback, both protocols
//! on one port. The paths to nested proto types show that our names are prost's.

mod details;
mod json;
mod layers;
mod proto;
mod required;
mod rest;
mod shapes;
mod shop;
mod streams;
mod thrift;

use std::sync::Arc;

use golden::generated::{bare, names, shapes as made, shop::v1};
use runtime::client::{Http, Transport};
use runtime::server::Running;
use runtime::{Channel, Config, Registry, Server};

/// A server with every service, and the way to it.
pub(crate) struct Site {
    registry: Registry,
    pub(crate) shapes: Arc<shapes::Shapes>,
    pub(crate) server: Running,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let (registry, shapes) = (Registry::open("memory").unwrap(), Arc::<shapes::Shapes>::default());
        let server = Server::new(Config::local())
            .registry(&registry)
            .add(made::MoreServiceServer::shared(shapes.clone()))
            .add(made::IdleServer::shared(shapes.clone()))
            .add(names::NamesServer::shared(shapes.clone()))
            .add(v1::ShopServer::new(shop::Shop::default()))
            .add(bare::PingerServer::new(shop::Shop::default()))
            .start()
            .await
            .unwrap();
        Self { registry, shapes, server }
    }

    pub(crate) fn kitex_protobuf(&self, service: &str) -> Channel {
        Channel::builder(service).registry(&self.registry).transport(Transport::TtheaderFramed).build().unwrap()
    }

    /// Over gRPC, also where the server offers what is faster.
    pub(crate) fn grpc(&self, service: &str) -> Channel {
        Channel::builder(service).registry(&self.registry).http(Http::grpc()).build().unwrap()
    }

    /// Both ways on which a proto service of ours is called: as it offers it, and over gRPC.
    pub(crate) fn both(&self, service: &str) -> [Channel; 2] {
        [self.channel(service), self.grpc(service)]
    }

    pub(crate) fn channel(&self, service: &str) -> Channel {
        Channel::builder(service).registry(&self.registry).build().unwrap()
    }
}
