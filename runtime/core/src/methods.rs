//! Settings of single methods: `[methods."hello.v1.Greeter/SayHello"]` of `service.toml`.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::error::Error;
use crate::limits::seconds;
use crate::service::{Method, ServiceInfo};
use crate::words::nearest;

/// The settings of one method, for the server that has it and for the channels that call it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MethodSettings {
    /// On a server until its handler's work is given up, in place of `handler` of `[limits]`; on a channel until a call is
    /// given up, in place of `timeout` of `[client]`. Seconds in the file.
    #[serde(deserialize_with = "seconds::option")]
    pub timeout: Option<Duration>,
    /// On a channel: how often a call that failed after it may have been sent is sent again, where the method is idempotent.
    pub retry: Option<u32>,
    /// On a channel: whether the method may be called twice, in place of what the IDL says.
    pub idempotent: Option<bool>,
    /// On a server: calls per second, of all callers together. More are refused.
    #[serde(deserialize_with = "rate")]
    pub rate: Option<f64>,
}

fn rate<'de, D: Deserializer<'de>>(input: D) -> Result<Option<f64>, D::Error> {
    let rate = f64::deserialize(input)?;
    if !rate.is_finite() || rate <= 0.0 {
        return Err(D::Error::custom("a rate is a number of calls per second above 0"));
    }
    Ok(Some(rate))
}

/// The path of a method, `/package.Service/Method`; in settings the slash in front is left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Path(Box<str>);

impl Path {
    fn new(name: &str) -> Option<Self> {
        let name = name.strip_prefix('/').unwrap_or(name);
        let (service, method) = name.split_once('/')?;
        let sound = !service.is_empty() && !method.is_empty() && !method.contains('/');
        sound.then(|| Self(format!("/{name}").into()))
    }
}

impl Borrow<str> for Path {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let name = String::deserialize(input)?;
        let text = || {
            D::Error::custom(format!(
                "`{name}` is not a method: write \"package.Service/Method\", of Thrift \"Service/Method\""
            ))
        };
        Self::new(&name).ok_or_else(text)
    }
}

/// The settings of the methods that have any, by path. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Methods(Option<Arc<BTreeMap<Path, MethodSettings>>>);

impl<'de> Deserialize<'de> for Methods {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let all = BTreeMap::deserialize(input)?;
        Ok(Self(Some(Arc::new(all)).filter(|all| !all.is_empty())))
    }
}

impl Methods {
    /// Sets the settings of a method, `package.Service/Method` (`Service/Method` for Thrift), with or without a slash in
    /// front. What is not such a name does nothing.
    pub fn set(&mut self, method: &str, settings: MethodSettings) {
        if let Some(path) = Path::new(method) {
            Arc::make_mut(self.0.get_or_insert_default()).insert(path, settings);
        }
    }

    /// The settings of a method; `None` without any.
    #[inline]
    pub fn of(&self, method: &Method) -> Option<&MethodSettings> {
        self.0.as_ref()?.get(method.path)
    }

    /// Every path with its settings.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MethodSettings)> {
        self.0.iter().flat_map(|all| all.iter()).map(|(path, settings)| (&*path.0, settings))
    }

    /// Holds the names against the services of a server. Gives a text for each name whose service is not here: it may be one
    /// that the program calls.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for a method that a service does not have.
    pub fn check(&self, services: &[&'static ServiceInfo]) -> Result<Vec<String>, Error> {
        let methods = || services.iter().flat_map(|info| info.methods).map(|method| method.path);
        let mut foreign = Vec::new();
        for (path, _) in self.iter().filter(|(path, _)| !methods().any(|known| known == *path)) {
            let service = |path: &str| path.rsplit_once('/').map_or(0, |(service, _)| service.len() + 1);
            let prefix = &path[..service(path)];
            let own: Vec<&str> = methods().filter(|known| known[..service(known)] == *prefix).collect();
            let known = if own.is_empty() { methods().collect() } else { own.clone() };
            let hint =
                nearest(path, &known).map(|near| format!("; did you mean \"{}\"?", &near[1..])).unwrap_or_default();
            let name = &path[1..];
            if !own.is_empty() {
                return Err(Error::invalid(format!("[methods]: \"{name}\" is not a method here{hint}")));
            }
            foreign.push(format!("[methods]: \"{name}\" is of no service here, and holds for calls to it alone{hint}"));
        }
        Ok(foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Idl;

    static METHODS: [Method; 2] =
        [Method::new(Idl::Proto, "/a.v1.Greeter/SayHello", 0), Method::new(Idl::Proto, "/a.v1.Greeter/SayBye", 1)];
    static GREETER: ServiceInfo =
        ServiceInfo { name: "Greeter", package: "a.v1", registry_name: "a", idl: Idl::Proto, methods: &METHODS };

    fn named(name: &str) -> Methods {
        let mut methods = Methods::default();
        methods.set(name, MethodSettings { retry: Some(2), ..MethodSettings::default() });
        methods
    }

    #[test]
    fn a_method_is_found_by_its_path() {
        for name in ["a.v1.Greeter/SayHello", "/a.v1.Greeter/SayHello"] {
            let methods = named(name);
            assert_eq!(methods.of(&METHODS[0]).unwrap().retry, Some(2));
            assert_eq!(methods.of(&METHODS[1]), None);
            assert_eq!(methods.check(&[&GREETER]).unwrap(), Vec::<String>::new());
        }
        for name in ["", "SayHello", "/SayHello", "a/b/c", "a/", "//a"] {
            assert_eq!(named(name), Methods::default(), "{name}");
        }
    }

    #[test]
    fn names_that_are_none_here_are_told() {
        let error = named("a.v1.Greeter/SayHelo").check(&[&GREETER]).unwrap_err();
        let text = "[methods]: \"a.v1.Greeter/SayHelo\" is not a method here; did you mean \"a.v1.Greeter/SayHello\"?";
        assert_eq!(error.message(), text);
        let hint = |name: &str| named(name).check(&[&GREETER]).unwrap().remove(0);
        let of = "is of no service here, and holds for calls to it alone";
        let wanted = format!("[methods]: \"a.v1.Greter/SayBye\" {of}; did you mean \"a.v1.Greeter/SayBye\"?");
        assert_eq!(hint("a.v1.Greter/SayBye"), wanted);
        assert_eq!(hint("orders.Orders/Place"), format!("[methods]: \"orders.Orders/Place\" {of}"));
    }
}
