//! Handlers of the proto services.

use golden::generated::bare::{Ping, Pinger, ping::Pong};
use golden::generated::legacy::{Old, old};
use golden::generated::shop::common::{Money, money};
use golden::generated::shop::v1::{self, HttpRequest2, LowerCase, Order, Self_, Shop as Service, order};
use runtime::prost_types::{Duration, Timestamp};
use runtime::{Code, Context, Error};

use super::shapes::part;

/// The handler of `Shop` and `Pinger`.
#[derive(Debug, Default)]
pub(crate) struct Shop {}

/// Sends the values of `echo` and `echo-bin` back, in front of the answer and behind it.
fn echo(cx: &Context) {
    for name in ["echo", "echo-bin"] {
        let values: Vec<_> = cx.metadata().into_iter().flat_map(|all| all.get_all(name)).cloned().collect();
        values.iter().for_each(|value| cx.send_back(name, value.clone()));
        values.into_iter().for_each(|value| cx.send_trailer(name, value));
    }
}

impl Service for Shop {
    async fn put(&self, cx: &Context, req: Order) -> Result<Order, Error> {
        let seen = |key: &str| cx.get(key).unwrap_or("none").to_owned();
        cx.send_back("token-was", seen("TOKEN"));
        cx.send_back("trace-was", seen("TRACE"));
        if let Some(first) = cx.get("echo") {
            cx.send_back("echo-first", first.to_owned());
        }
        echo(cx);
        Ok(req)
    }

    async fn find_item(&self, cx: &Context, _: order::Item) -> Result<order::item::Tag, Error> {
        let left = cx.remaining().map_or(0, |left| left.as_millis());
        Ok(order::item::Tag { text: left.to_string(), ..Default::default() })
    }

    async fn pay(&self, cx: &Context, req: Money) -> Result<money::Part, Error> {
        match req.units {
            0 => Err(Error::new(Code::FailedPrecondition, "no money, 100 % none").with_reason("BROKE")),
            1 => Err(Error::business(42, "not today", [("a".to_owned(), "b".to_owned())])),
            2 => Err(Error::invalid("torn").with_detail(&req).with_detail(&part())),
            3 => {
                echo(cx);
                Err(Error::business(43, "", []).with_reason("LATE").with_detail(&req))
            }
            units => Ok(money::Part { share: u32::try_from(units).unwrap() }),
        }
    }

    async fn reset(&self, cx: &Context, (): ()) -> Result<(), Error> {
        cx.cancelled().await;
        Ok(())
    }

    async fn when(&self, _: &Context, req: Duration) -> Result<Timestamp, Error> {
        Ok(Timestamp { seconds: req.seconds, nanos: req.nanos })
    }

    async fn wrap(&self, _: &Context, req: String) -> Result<i32, Error> {
        req.parse().map_err(|_| Error::invalid("no number"))
    }

    async fn r#type(&self, _: &Context, req: v1::http_request2::Type) -> Result<HttpRequest2, Error> {
        Ok(HttpRequest2 { r#match: Some(req) })
    }

    async fn lower(&self, _: &Context, req: v1::lower_case::Inner) -> Result<LowerCase, Error> {
        Ok(LowerCase { inner: Some(req) })
    }

    async fn me(&self, _: &Context, req: Self_) -> Result<v1::Option, Error> {
        Ok(v1::Option { text: Some(req.x.to_string()) })
    }

    async fn ancient(&self, _: &Context, req: Old) -> Result<old::Inner, Error> {
        Ok(old::Inner { flag: req.id == 1 })
    }

    async fn nothing(&self, _: &Context, req: v1::Empty) -> Result<v1::Empty, Error> {
        Ok(req)
    }
}

impl Pinger for Shop {
    async fn ping(&self, _: &Context, req: Ping) -> Result<Pong, Error> {
        Ok(Pong { text: req.text })
    }
}
