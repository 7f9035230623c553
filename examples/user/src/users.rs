//! The users, in one file: each name with the Argon2id hash of its password.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Argon2, password_hash};
use redb::{Database, ReadableTable, TableDefinition};
use runtime::{Error, Result};

const HASHES: TableDefinition<'_, &str, &str> = TableDefinition::new("hashes");

/// A store of users. Clones are the same store; its functions take their time, a hash some 20 ms of CPU.
#[derive(Clone, Debug)]
pub struct Users {
    database: Arc<Database>,
}

impl Users {
    /// Opens the file, or makes it.
    pub fn open(file: impl AsRef<Path>) -> Result<Self> {
        let database = Database::create(file).map_err(broken)?;
        let begun = database.begin_write().map_err(broken)?;
        begun.open_table(HASHES).map_err(broken)?; // makes it
        begun.commit().map_err(broken)?;
        Ok(Self { database: Arc::new(database) })
    }

    /// Adds a user; `false` when there is one of this name, who stays as he is.
    pub fn add(&self, name: &str, password: &str) -> Result<bool> {
        let salt = SaltString::generate(&mut OsRng);
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(broken)?;
        let begun = self.database.begin_write().map_err(broken)?; // one at a time
        {
            let mut hashes = begun.open_table(HASHES).map_err(broken)?;
            if hashes.get(name).map_err(broken)?.is_some() {
                return Ok(false);
            }
            hashes.insert(name, hash.to_string().as_str()).map_err(broken)?;
        }
        begun.commit().map_err(broken)?;
        Ok(true)
    }

    /// Whether there is a user of this name.
    pub fn has(&self, name: &str) -> Result<bool> {
        Ok(self.hash(name)?.is_some())
    }

    /// Whether there is a user of this name with this password.
    pub fn admits(&self, name: &str, password: &str) -> Result<bool> {
        let Some(hash) = self.hash(name)? else { return Ok(false) };
        let hash = PasswordHash::new(&hash).map_err(broken)?;
        match Argon2::default().verify_password(password.as_bytes(), &hash) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::Password) => Ok(false),
            Err(error) => Err(broken(error)),
        }
    }

    fn hash(&self, name: &str) -> Result<Option<String>> {
        let begun = self.database.begin_read().map_err(broken)?;
        let hashes = begun.open_table(HASHES).map_err(broken)?;
        Ok(hashes.get(name).map_err(broken)?.map(|hash| hash.value().to_owned()))
    }
}

fn broken(error: impl Display) -> Error {
    Error::internal(format!("the store of users: {error}"))
}
