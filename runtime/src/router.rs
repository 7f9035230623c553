//! Which service a call goes to. Knows names and paths; no bytes, no sockets.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use crate::error::{Code, Error, Origin};
use crate::service::{Answer, Call, Handling, Idl, Method, Service, ServiceInfo};

/// A method and the service that answers it.
#[derive(Clone)]
pub struct Route {
    /// The service.
    pub service: Arc<dyn Service>,
    /// One of its methods.
    pub method: &'static Method,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Route").field(&self.method.path).finish()
    }
}

/// Every mounted service by what a wire calls its methods.
#[derive(Clone, Debug, Default)]
pub struct Router {
    tables: Arc<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    services: Vec<&'static ServiceInfo>,
    /// Thrift without headers carries the bare method name; `None` where several services have it.
    names: HashMap<&'static str, Option<Route>>,
    /// Thrift with headers names the service of the IDL too.
    methods: HashMap<&'static str, HashMap<&'static str, Route>>,
    /// `/package.Service/Method`, unique over both languages.
    paths: HashMap<&'static str, Route>,
}

impl Router {
    /// Makes the tables.
    ///
    /// # Errors
    ///
    /// [`Code::FailedPrecondition`] when no service is given, or when one is given twice.
    pub fn new(services: Vec<Arc<dyn Service>>) -> Result<Self, Error> {
        let mut tables = Tables::default();
        for service in services {
            tables.add(&service)?;
        }
        if tables.services.is_empty() {
            return Err(Error::new(Code::FailedPrecondition, "no service is added to the server"));
        }
        Ok(Self { tables: Arc::new(tables) })
    }

    /// The services in the order in which they were added.
    pub fn services(&self) -> &[&'static ServiceInfo] {
        &self.tables.services
    }

    /// Whether a service of this language is mounted.
    pub fn serves(&self, idl: Idl) -> bool {
        self.tables.services.iter().any(|info| info.idl == idl)
    }

    /// The Thrift method of a bare name; `None` also where several services have it.
    pub fn by_name(&self, name: &str) -> Option<&Route> {
        self.tables.names.get(name)?.as_ref()
    }

    /// The Thrift method of a name that may state its service. A service that is not here is
    /// forgiven where the name alone is enough, as in Kitex.
    pub fn find(&self, service: Option<&str>, name: &str) -> Option<&Route> {
        match service.and_then(|service| self.tables.methods.get(service)) {
            Some(methods) => methods.get(name),
            None => self.by_name(name),
        }
    }

    /// The error for a name that [`Router::find`] does not find.
    #[cfg(feature = "thrift")]
    pub(crate) fn missing(&self, name: &str) -> Error {
        if !matches!(self.tables.names.get(name), Some(None)) {
            return unknown_method(name);
        }
        let text = format!("several services here have a method {name}; TTHeader can say which is meant (isn)");
        Error::new(Code::Unimplemented, text).with_origin(Origin::UnknownMethod)
    }

    /// The method of a path of gRPC's form.
    pub fn by_path(&self, path: &str) -> Option<&Route> {
        self.tables.paths.get(path)
    }
}

/// What is served, for people: `AddService (Thrift), hello.v1.Hello (gRPC)`.
impl fmt::Display for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, info) in self.services().iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            if !info.package.is_empty() {
                write!(f, "{}.", info.package)?;
            }
            let protocol = match info.idl {
                Idl::Thrift => "Thrift",
                Idl::Proto => "gRPC",
            };
            write!(f, "{} ({protocol})", info.name)?;
        }
        Ok(())
    }
}

impl Tables {
    fn add(&mut self, service: &Arc<dyn Service>) -> Result<(), Error> {
        let info = service.info();
        for method in info.methods {
            let route = Route { service: Arc::clone(service), method };
            insert(&mut self.paths, method.path, route.clone())?;
            if method.idl == Idl::Thrift {
                let several = self.names.contains_key(method.name);
                self.names.insert(method.name, (!several).then(|| route.clone()));
                self.methods.entry(info.name).or_default().insert(method.name, route);
            }
        }
        self.services.push(info);
        Ok(())
    }
}

fn insert(table: &mut HashMap<&'static str, Route>, key: &'static str, route: Route) -> Result<(), Error> {
    match table.entry(key) {
        Entry::Vacant(place) => {
            place.insert(route);
            Ok(())
        }
        Entry::Occupied(_) => Err(Error::new(Code::FailedPrecondition, format!("{key} is added twice"))),
    }
}

/// The innermost service of a stack of layers: finds the call's method again by its path, since
/// a layer may have changed it.
impl tower::Service<Call> for Router {
    type Response = Answer;
    type Error = Error;
    type Future = Handling;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Handling {
        match self.by_path(call.method.path) {
            Some(route) => route.service.call(call),
            None => {
                let error = unknown_method(call.method.path);
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }
}

/// The error for a method that is not served here.
pub(crate) fn unknown_method(name: &str) -> Error {
    Error::new(Code::Unimplemented, format!("unknown method {name}")).with_origin(Origin::UnknownMethod)
}
