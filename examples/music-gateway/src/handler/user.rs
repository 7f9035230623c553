//! `UserService` of user.thrift, handed on to the service behind: what that says in `BaseResp` becomes an error here.
use runtime::{Context, Error};

use crate::clients::Clients;
use crate::generated::music::service::user::{
    BaseResp, CreateUserReq, CreateUserResp, GetUserReq, GetUserResp, LoginReq, LoginResp, UserService,
};

/// Hands the calls of `UserService` on.
#[derive(Debug)]
pub struct User {
    /// Of every service behind the gateway.
    pub clients: Clients,
}

impl User {
    /// Hands calls on by these clients.
    pub fn new(clients: &Clients) -> Self {
        Self { clients: clients.clone() }
    }
}

impl UserService for User {
    async fn create_user(&self, cx: &Context, req: CreateUserReq) -> Result<CreateUserResp, Error> {
        let mut resp = self.clients.user.create_user(req).with(cx).await?;
        succeeded(resp.base_resp.take())?;
        Ok(resp)
    }

    async fn login(&self, cx: &Context, req: LoginReq) -> Result<LoginResp, Error> {
        let mut resp = self.clients.user.login(req).with(cx).await?;
        succeeded(resp.base_resp.take())?;
        Ok(resp)
    }

    async fn get_user(&self, cx: &Context, req: GetUserReq) -> Result<GetUserResp, Error> {
        let mut call = self.clients.user.get_user(req).with(cx);
        if let Some(token) = cx.get("authorization") {
            call = call.metadata("authorization", token); // who made it checks it
        }
        let mut resp = call.await?;
        succeeded(resp.base_resp.take())?;
        Ok(resp)
    }
}

/// The status of an answer: a business error, which is `code` and `message` in the envelope, unless it is 0.
fn succeeded(status: Option<BaseResp>) -> Result<(), Error> {
    match status {
        Some(BaseResp { status_code, status_message }) if status_code != 0 => {
            Err(Error::business(status_code, status_message, []))
        }
        _ => Ok(()),
    }
}
