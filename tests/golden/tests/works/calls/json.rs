//! Proto messages in JSON, along the descriptors in the generated code.

use golden::generated::bare::PingerServer;
use golden::generated::legacy::{self, Old, old};
use golden::generated::shop::v1::ShopServer;
use runtime::grpc::Json;
use runtime::limits::DecodeLimits;
use runtime::{Context, Error, Service};

use super::shop::Shop;

/// The request of a method as proto bytes, and these as its answer: both are the same message.
fn there_and_back(service: &impl Service, index: usize, json: &str) -> Result<String, Error> {
    let (bridge, method) = (Json::default(), &service.info().methods[index]);
    let body = bridge.request(method, service.descriptors(), json.as_bytes(), DecodeLimits::default())?;
    let back = bridge.reply(method, service.descriptors(), body)?;
    Ok(String::from_utf8(back.to_vec()).unwrap())
}

/// As `put` gets it and gives it back.
const ORDER: &str = concat!(
    r#"{"id":"o","count":0,"items":[{"name":"i","tags":[{"kind":"KIND_LOUD"}]}],"byName":{"k":{}},"#,
    r#""cash":{"units":"-1","currency":"CURRENCY_EUR"},"at":"1970-01-01T00:00:01Z","within":"1.500s","note":"n","#,
    r#""extra":{"a":[1.0,null]},"state":"OPEN","old":{"id":1}}"#
);

#[test]
fn messages_of_every_kind_are_read_and_written() {
    let shop = ShopServer::new(Shop::default());
    assert_eq!(there_and_back(&shop, 0, ORDER).unwrap(), ORDER);
    let error = there_and_back(&shop, 0, r#"{"count":"many"}"#).unwrap_err();
    assert_eq!(error.code(), runtime::Code::InvalidArgument);
}

/// Nothing but what the IDL says: whatever the methods are, they are described.
#[test]
fn every_method_is_described() {
    let shop = ShopServer::new(Shop::default());
    let (pinger, archive) = (PingerServer::new(Shop::default()), legacy::ArchiveServer::new(Archive));
    let services: [&dyn Service; 3] = [&shop, &pinger, &archive];
    for service in services {
        for method in service.info().methods {
            let empty = match method.name {
                "When" => "\"0s\"",
                "Wrap" => "\"\"",
                _ => "{}",
            };
            let json = Json::default();
            let request = json.request(method, service.descriptors(), empty.as_bytes(), DecodeLimits::default());
            assert!(request.is_ok(), "{}: {request:?}", method.path);
            assert!(json.reply(method, service.descriptors(), request.unwrap()).is_ok(), "{}", method.path);
        }
    }
}

struct Archive;

impl legacy::Archive for Archive {
    async fn find(&self, _: &Context, _: old::Inner) -> Result<Old, Error> {
        Ok(Old::default())
    }
}
