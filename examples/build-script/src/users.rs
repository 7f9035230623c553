//! The handler.

use crate::generated::user::types::User;
use crate::generated::user::{FindError, NotFound, UserService};
use runtime::Context;

/// Knows one user.
#[derive(Debug, Default)]
pub struct Users {}

impl UserService for Users {
    async fn find(&self, _cx: &Context, id: i64) -> Result<User, FindError> {
        match id {
            1 => Ok(User { id, name: "Ada".to_owned(), mail: None }),
            _ => Err(NotFound { id }.into()),
        }
    }
}
