//! Handlers of the Thrift services: they give back what they get, or fail as they are told.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use golden::generated::names::{self, Clash};
use golden::generated::shapes::base::{Base, PingError, Refused, Spot};
use golden::generated::shapes::{
    Denied, Everything, ExtraError, Grade, Hard, Idle, Missing, More, MoreService, Node, Pick, Real, RiskyError,
    RiskyVoidError, Scalars, Season, Token, Tree,
};
use golden::generated::shop::{common::money, v1::order};
use runtime::thrift::Uuid;
use runtime::{Context, Error};
use tokio::sync::Notify;

/// A detail of errors.
pub(crate) fn part() -> money::Part {
    money::Part { share: 7 }
}

/// The handler of `MoreService` and of all that it extends.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    /// What `fire` was told.
    pub(crate) fired: Mutex<Vec<(String, i32)>>,
    /// Rings when it was.
    pub(crate) ring: Notify,
}

impl Base for Shapes {
    async fn ping(&self, _: &Context, text: String) -> Result<String, PingError> {
        if text.is_empty() { Err(Refused { reason: "nothing said".to_owned() }.into()) } else { Ok(text) }
    }

    async fn reset(&self, _: &Context) -> Result<(), Error> {
        Ok(())
    }
}

impl Everything for Shapes {
    async fn echo(&self, _: &Context, value: Scalars) -> Result<Scalars, Error> {
        Ok(value)
    }

    async fn pick(&self, _: &Context, pick: Pick) -> Result<Pick, Error> {
        Ok(pick)
    }

    async fn choose(&self, _: &Context, pick: Pick, times: i32, text: String) -> Result<Pick, Error> {
        match pick {
            Pick::Number(number) => Ok(Pick::Text(format!("{text}{}", number * times))),
            other => Ok(other),
        }
    }

    async fn search(
        &self,
        _: &Context,
        text: String,
        limit: i32,
        grade: Grade,
        id: i64,
        real: f64,
        words: Vec<String>,
        spot: Spot,
        pick: Pick,
    ) -> Result<String, Error> {
        Ok(format!("{text} {limit} {} {id} {real} {words:?} {} {pick:?}", grade.0, spot.x))
    }

    async fn nothing(&self, _: &Context) -> Result<(), Error> {
        Err(Error::not_found("nothing is here").with_reason("EMPTY").with_pair("place", "here"))
    }

    async fn fire(&self, _: &Context, key: String, n: i32) -> Result<(), Error> {
        self.fired.lock().unwrap().push((key, n));
        self.ring.notify_one();
        Ok(())
    }

    async fn many(
        &self,
        _: &Context,
        a: i32,
        b: i32,
        c: i32,
        d: String,
        e: Vec<String>,
        f: Spot,
        g: Hard,
    ) -> Result<i32, Error> {
        let lengths = d.len() + e.len() + g.spots.len() + g.numbers.len();
        Ok(a + 10 * b + 100 * c + f.x + i32::try_from(lengths).unwrap())
    }

    async fn risky(&self, _: &Context, kind: String) -> Result<i32, RiskyError> {
        let missing = Missing { what: kind.clone(), near: Some(vec!["a".to_owned()]) };
        match kind.as_str() {
            "missing" => Err(RiskyError::Missing(missing)),
            "refused" => Err(Refused { reason: kind }.into()),
            "other" => Err(RiskyError::Other(missing)),
            "error" => Err(Error::unavailable("try again").into()),
            "detailed" => Err(Error::invalid("torn").with_detail(&order::Item::default()).with_detail(&part()).into()),
            "business" => Err(Error::business(-7, "no", [("k".to_owned(), "v".to_owned())]).into()),
            "panic" => panic!("told to"),
            _ => Ok(1),
        }
    }

    async fn risky_void(&self, cx: &Context, kind: String) -> Result<(), RiskyVoidError> {
        match kind.as_str() {
            "denied" => Err(Denied { code: 3, because: Missing::default() }.into()),
            "slow" => {
                cx.cancelled().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn grow(&self, _: &Context, tree: Tree, node: Node) -> Result<Tree, Error> {
        Ok(Tree::Many(vec![tree, Tree::Leaf(node.value.into())]))
    }

    async fn deep(
        &self,
        _: &Context,
        bottom: Vec<HashMap<String, HashSet<Vec<i32>>>>,
    ) -> Result<Vec<HashMap<String, HashSet<Vec<i32>>>>, Error> {
        Ok(bottom)
    }

    async fn token(&self, _: &Context, token: Token) -> Result<Uuid, Error> {
        Ok(token)
    }

    async fn season(&self, _: &Context, season: Season) -> Result<Season, Error> {
        Ok(season)
    }

    async fn grade(&self, _: &Context, grade: Grade) -> Result<Grade, Error> {
        Ok(grade)
    }

    async fn real(&self, _: &Context, real: Real) -> Result<f64, Error> {
        Ok(real)
    }

    async fn old(&self, _: &Context, a: i32) -> Result<i32, Error> {
        Ok(a)
    }
}

impl More for Shapes {}

impl MoreService for Shapes {
    async fn extra(&self, _: &Context) -> Result<(), ExtraError> {
        Err(ExtraError::Other(Missing { what: "extra".to_owned(), near: None }))
    }
}

impl Idle for Shapes {}

impl names::Names for Shapes {
    async fn letter(&self, _: &Context, h: names::H) -> Result<names::H, Error> {
        Ok(h)
    }

    async fn r#type(
        &self,
        _: &Context,
        cx: i32,
        call: i32,
        handler: i32,
        input: i32,
        field: i32,
        body: i32,
        self_: i32,
    ) -> Result<i32, Error> {
        Ok([cx, call, handler, input, field, body, self_].iter().fold(0, |all, one| all * 10 + one))
    }

    async fn new(&self, _: &Context) -> Result<i32, Error> {
        Ok(1)
    }

    async fn channel(&self, _: &Context) -> Result<i32, Error> {
        Ok(2)
    }

    async fn clone(&self, _: &Context) -> Result<i32, Error> {
        Ok(3)
    }

    async fn next(&self, _: &Context, result: String, reply: String, limits: String) -> Result<String, Error> {
        Ok(result + &reply + &limits)
    }

    async fn from_x(&self, _: &Context, some: names::Option) -> Result<names::Option, Error> {
        Ok(some)
    }

    async fn eq(&self, _: &Context, other: i32) -> Result<bool, Error> {
        Ok(other == 0)
    }

    async fn self_(&self, _: &Context) -> Result<(), Error> {
        Ok(())
    }

    async fn r#await(&self, _: &Context) -> Result<(), names::AwaitError> {
        Err(Clash { display: "clash".to_owned(), ..Clash::default() }.into())
    }
}
