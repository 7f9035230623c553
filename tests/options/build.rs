//! Every option away from its default; annotations in the IDL say otherwise for some items.

use codegen::Builder;
use codegen::emit::Sides;
use codegen::options::{Ids, Json, Maps, Options};

fn main() -> Result<(), codegen::Error> {
    let options = Options {
        ids: Ids::Apache,
        maps: Maps::BTree,
        serde: true,
        json: Json::On,
        skip_streaming: true,
        derive: vec!["PartialOrd".to_owned()],
        sides: Sides::Client,
        ..Options::default()
    };
    Builder::new().idl("idl/options.thrift").options(options).compile()
}
