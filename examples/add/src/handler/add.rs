//! `AddService` of add.thrift.
use crate::generated::api::{AddRequest, AddResponse, AddService};
use runtime::{Context, Error};

/// The handler of `AddService`.
#[derive(Debug, Default)]
pub struct Add {}

impl AddService for Add {
    async fn add(&self, _cx: &Context, req: AddRequest) -> Result<AddResponse, Error> {
        let sum = req.first.checked_add(req.second).ok_or_else(|| Error::invalid("the sum overflows i32"))?;
        Ok(AddResponse { sum })
    }
}
