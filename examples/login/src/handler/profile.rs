//! `Profile` of profile.proto.
use crate::generated::pb::{MeAck, MeRequest, Profile};
use runtime::layers::jwt::Claims;
use runtime::layers::unauthenticated;
use runtime::{Context, Error};

/// The handler of `Profile`.
#[derive(Debug, Default)]
pub struct ProfileHandler;

impl Profile for ProfileHandler {
    async fn me(&self, cx: &Context, _req: MeRequest) -> Result<MeAck, Error> {
        let claims = cx.value::<Claims>().ok_or_else(|| unauthenticated("the call has no token"))?;
        Ok(MeAck { account: claims.sub.clone() })
    }
}
