//! `User` of service.proto.
use crate::generated::pb::{Login, LoginAck, User};
use runtime::layers::jwt::{Claims, Jwt};
use runtime::layers::unauthenticated;
use runtime::{Context, Error};
use std::collections::HashMap;
use std::time::Duration;

/// How long a token is valid.
const VALID: Duration = Duration::from_secs(3600);

/// The handler of `User`.
#[derive(Debug)]
pub struct UserHandler {
    /// The password of each account.
    pub accounts: HashMap<String, String>,
    /// What signs the tokens.
    pub jwt: Jwt,
}

impl User for UserHandler {
    async fn rpc_user_login(&self, _cx: &Context, req: Login) -> Result<LoginAck, Error> {
        if self.accounts.get(&req.account) != Some(&req.password) {
            // The same for either, so that nobody learns which accounts there are.
            return Err(unauthenticated("the account or the password is wrong"));
        }
        Ok(LoginAck { token: self.jwt.sign(&Claims::new(req.account, VALID))? })
    }
}
