//! Starts the server on a free port and calls every method through the memory registry.
use add::{generated, handler};
use runtime::{Channel, Code, Config, Error, Registry, Server};

#[tokio::test]
async fn every_method_is_reached() -> runtime::Result<()> {
    let registry = Registry::open("memory")?;
    let server = Server::new(Config::local())
        .registry(&registry)
        .add(generated::api::AddServiceServer::new(handler::add::Add::default()))
        .start()
        .await?;
    let client = generated::api::AddServiceClient::new(Channel::builder("add").registry(&registry).build()?);
    reached(client.add(Default::default()).await.map(drop));
    server.stop().await
}

/// Any answer of a handler will do; replace this by what your methods promise.
fn reached(outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        assert_ne!(error.code(), Code::Unavailable, "{error:?}");
        assert_ne!(error.code(), Code::DeadlineExceeded, "{error:?}");
    }
}
