//! `UserService` of user.thrift.
use std::time::Duration;

use runtime::layers::jwt::{Claims, Jwt};
use runtime::layers::{Authentication, unauthenticated};
use runtime::{Context, Error};

use crate::generated::music::service::user::{
    BaseResp, CreateUserReq, CreateUserResp, GetUserReq, GetUserResp, LoginReq, LoginResp, Status, UserService,
};
use crate::users::Users;

/// The methods that hash a password. Anybody may call them.
pub const HASHING: [&str; 2] = ["/UserService/CreateUser", "/UserService/Login"];

/// How long a token is valid.
const VALID: Duration = Duration::from_secs(24 * 60 * 60);

/// The handler of `UserService`.
#[derive(Debug)]
pub struct User {
    users: Users,
    jwt: Jwt,
}

impl UserService for User {
    async fn create_user(&self, _cx: &Context, req: CreateUserReq) -> Result<CreateUserResp, Error> {
        let added = self.ask(move |users| users.add(&req.username, &req.password)).await?;
        let base_resp = if added { success() } else { status(Status::USER_EXISTS, "the user exists") };
        Ok(CreateUserResp { base_resp })
    }

    async fn login(&self, _cx: &Context, LoginReq { username, password }: LoginReq) -> Result<LoginResp, Error> {
        let name = username.clone();
        if !self.ask(move |users| users.admits(&name, &password)).await? {
            let base_resp = status(Status::WRONG_LOGIN, "the name or the password is wrong");
            return Ok(LoginResp { base_resp, ..LoginResp::default() });
        }
        let token = self.jwt.sign(&Claims::new(username, VALID))?;
        Ok(LoginResp { token, base_resp: success() })
    }

    async fn get_user(&self, cx: &Context, _req: GetUserReq) -> Result<GetUserResp, Error> {
        let claims = cx.value::<Claims>().ok_or_else(|| unauthenticated("a token is needed"))?;
        let username = claims.sub.clone();
        let name = username.clone();
        if !self.ask(move |users| users.has(&name)).await? {
            let base_resp = status(Status::UNKNOWN_USER, "there is no such user any more");
            return Ok(GetUserResp { base_resp, ..GetUserResp::default() });
        }
        Ok(GetUserResp { username, base_resp: success() })
    }
}

impl User {
    /// A handler that has users in this store, and signs their tokens with this key.
    pub fn new(users: Users, jwt: Jwt) -> Self {
        Self { users, jwt }
    }

    /// The layer that checks its tokens: anybody may become a user and log in, the rest needs one.
    pub fn authentication(&self) -> Authentication<Jwt> {
        Authentication::new(self.jwt.clone()).except(HASHING)
    }

    /// Asks the store beside tokio's workers, which its work would hold up.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Users) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let users = self.users.clone();
        tokio::task::spawn_blocking(move || question(&users))
            .await
            .map_err(|error| Error::internal(error.to_string()))?
    }
}

fn success() -> Option<BaseResp> {
    status(Status::SUCCESS, "success")
}

fn status(code: Status, message: &str) -> Option<BaseResp> {
    Some(BaseResp { status_code: code.0, status_message: message.to_owned() })
}
