//! Shared connections that a server's settings offer to its callers.

use crate::add::{AddRequest, AddResponse, AddServer};
use runtime::client::Request;
use runtime::{Channel, Config, Registry, Server, Service, thrift};

#[tokio::test]
async fn an_instance_that_offers_shared_connections_is_called_so() {
    let mut config = Config::local();
    config.server.mux = true;
    let registry = Registry::open("memory").unwrap();
    let server = AddServer::default();
    let running = Server::new(config).registry(&registry).add(server.clone()).start().await.unwrap();
    let channel = Channel::builder("add").registry(&registry).build().unwrap();
    for first in 0..3 {
        let body = thrift::body(&[(1, &AddRequest { first, second: 2 })]);
        let call = Request::new(&channel, &server.info().methods[0], body, thrift::result::<AddResponse>);
        assert_eq!(call.await.unwrap().sum, first + 2);
    }
    let offered = registry.resolve("add").unwrap().snapshot();
    assert!(offered.instances[0].out_of_order);
    running.stop().await.unwrap();
}
