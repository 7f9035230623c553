//! The user and password for etcd. No text of this process shows the password.

use std::fmt;
use std::path::Path;

use super::error::EtcdError;
use crate::error::Error;
use crate::password::Password;
use crate::schemes::PASSWORD_FILE;

/// A user and the source of its password.
#[derive(Clone)]
pub(super) struct Login {
    user: String,
    password: Password,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).field("password", &self.password).finish()
    }
}

impl Login {
    /// Reads a password's file once, so that one that is not there is told at the start.
    pub(super) fn open((user, password): &(String, Password)) -> Result<Self, Error> {
        let login = Self { user: user.clone(), password: password.clone() };
        if let Password::File(path) = password {
            read(path)?;
        }
        Ok(login)
    }

    /// The user and the password of now.
    pub(super) fn now(&self) -> Result<(String, String), EtcdError> {
        let password = match &self.password {
            Password::Text(text) => text.clone(),
            Password::File(path) => read(path).map_err(|error| EtcdError::Refused(error.to_string()))?,
        };
        Ok((self.user.clone(), password))
    }
}

fn read(path: &Path) -> Result<String, Error> {
    let fail = |why: String| Error::File { setting: PASSWORD_FILE, path: path.display().to_string(), why };
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(fail("it is empty".to_owned()));
    }
    Ok(password.to_owned())
}
