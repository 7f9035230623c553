//! `[app]` of service.toml.
use runtime::layers::jwt::Jwt;
use runtime::{Config, Error};
use std::collections::HashMap;

/// What signs the tokens, and checks them.
pub fn jwt(config: &Config) -> Result<Jwt, Error> {
    let secret = config.app.get("secret").and_then(|it| it.as_str());
    let jwt = Jwt::hs256(secret.ok_or_else(|| Error::invalid("[app] lacks `secret`, which signs the tokens"))?)?;
    Ok(jwt.issuer("svc.user.agent"))
}

/// The password of each account.
pub fn accounts(config: &Config) -> Result<HashMap<String, String>, Error> {
    let lacks = || Error::invalid("[app.accounts] has to say the password of each account, in quotes");
    let table = config.app.get("accounts").and_then(|it| it.as_table()).ok_or_else(lacks)?;
    let passwords = table.iter().map(|(account, it)| Some((account.clone(), it.as_str()?.to_owned())));
    passwords.collect::<Option<_>>().ok_or_else(lacks)
}
