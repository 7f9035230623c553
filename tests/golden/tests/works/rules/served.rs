//! What callers are told, over every protocol.

use golden::generated::rules::{Expressions, Nothing, Plain, Profile, Rules, RulesClient, RulesServer};
use runtime::client::Transport;
use runtime::server::Running;
use runtime::{Channel, Code, Config, Context, Registry, Result, Server};

use super::thrift::good;

struct Handler;

impl Rules for Handler {
    async fn one(&self, _: &Context, _: Profile) -> Result<Nothing> {
        Ok(Nothing::default())
    }

    async fn two(&self, _: &Context, _: Profile, _: i32, _: Vec<Expressions>) -> Result<Nothing> {
        Ok(Nothing::default())
    }

    async fn plain(&self, _: &Context, _: Plain) -> Result<Nothing> {
        Ok(Nothing::default())
    }
}

async fn start(validate: bool) -> (Registry, Running) {
    let registry = Registry::open("memory").unwrap();
    let mut config = Config::local();
    config.server.validate = validate;
    let server = Server::new(config).registry(&registry).add(RulesServer::new(Handler));
    let server = server.start().await.unwrap();
    (registry, server)
}

#[tokio::test]
async fn callers_over_thrift_get_a_business_error() {
    let (registry, _server) = start(true).await;
    for transport in [Transport::TtheaderFramed, Transport::Framed] {
        let channel = Channel::builder("rules").registry(&registry).transport(transport).build().unwrap();
        let client = RulesClient::new(channel);
        assert!(client.one(good()).await.is_ok());
        let error = client.one(Profile { age: 1, level: 0, ..good() }).await.unwrap_err();
        assert_eq!(error.business_code(), Some(400), "{transport:?}: {error:?}");
        let text = "age: must be greater than or equal to 16; level: must be one of 1, -2";
        assert_eq!(error.message(), text);
        assert_eq!(error.pairs()["level"], "must be one of 1, -2");
        // Several arguments are told apart.
        let error = client.two(good(), 1, vec![Expressions::default()]).await.unwrap_err();
        assert!(error.pairs().contains_key("expressions[0].name"), "{error:?}");
    }
}

#[tokio::test]
async fn a_setting_turns_checks_off() {
    let (registry, _server) = start(false).await;
    let client = RulesClient::new(Channel::builder("rules").registry(&registry).build().unwrap());
    assert!(client.one(Profile { age: 1, ..good() }).await.is_ok());
}

#[tokio::test]
async fn a_client_checks_what_it_sends_where_it_is_asked_to() {
    let (registry, _server) = start(false).await;
    let channel = Channel::builder("rules").registry(&registry).validate(true).build().unwrap();
    let client = RulesClient::new(channel);
    let error = client.one(Profile { age: 1, ..good() }).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, "VALIDATION"));
    assert!(client.one(good()).await.is_ok());
}
