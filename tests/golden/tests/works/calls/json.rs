//! Proto messages in JSON, as the generated code reads and writes them.

use golden::generated::bare::PingerServer;
use golden::generated::legacy::{self, Old, old};
use golden::generated::shop::v1::ShopServer;
use runtime::error::Origin;
use runtime::limits::DecodeLimits;
use runtime::{Bytes, Call, Context, Error, Form, Method, Service};

use super::shop::Shop;
use golden::nobody::Nobody;

/// A call in JSON.
async fn call(service: &dyn Service, method: &'static Method, json: &str) -> Result<String, Error> {
    let body = Bytes::copy_from_slice(json.as_bytes());
    let call = Call { form: Form::Json, ..Call::new(method, Context::new(), body, DecodeLimits::default()) };
    let answer = service.call(call).await?;
    Ok(String::from_utf8(answer.body.into_whole()?.to_vec()).unwrap())
}

/// As `put` gets it and gives it back.
const ORDER: &str = concat!(
    r#"{"id":"o","count":0,"items":[{"name":"i","tags":[{"kind":"KIND_LOUD"}]}],"byName":{"k":{}},"#,
    r#""cash":{"units":"-1","currency":"CURRENCY_EUR"},"at":"1970-01-01T00:00:01Z","within":"1.500s","note":"n","#,
    r#""extra":{"a":[1.0,null]},"state":"OPEN","old":{"id":1}}"#
);

#[tokio::test]
async fn messages_of_every_kind_are_read_and_written() {
    let shop = ShopServer::new(Shop::default());
    let put = &shop.info().methods[0];
    assert_eq!(call(&shop, put, ORDER).await.unwrap(), ORDER);
    let error = call(&shop, put, r#"{"items":[{"tags":[{"kind":[]}]}]}"#).await.unwrap_err();
    assert_eq!(error.code(), runtime::Code::InvalidArgument);
    assert_eq!(error.message(), "items[0].tags[0].kind: a list is not a member of the enum, at byte 27");
}

#[tokio::test]
async fn every_method_is_served_in_json() {
    // Its handlers answer at once.
    let shop = ShopServer::new(Nobody);
    let (pinger, archive) = (PingerServer::new(Shop::default()), legacy::ArchiveServer::new(Archive));
    let services: [&dyn Service; 3] = [&shop, &pinger, &archive];
    for service in services {
        assert!(service.json());
        for method in service.info().methods {
            let empty = match method.name {
                "When" => "\"0s\"",
                "Wrap" => "\"\"",
                _ => "{}",
            };
            let answer = call(service, method, empty).await;
            let coded = |error: &Error| matches!(error.origin(), Origin::Decode | Origin::Encode);
            assert!(!answer.as_ref().is_err_and(coded), "{}: {answer:?}", method.path);
        }
    }
}

struct Archive;

impl legacy::Archive for Archive {
    async fn find(&self, _: &Context, _: old::Inner) -> Result<Old, Error> {
        Ok(Old::default())
    }
}
