//! Routes a call to its service. It knows names and paths, no bytes and no sockets.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use crate::error::{Code, Error, Origin};
use crate::fnv::Fnv;
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
    thrift: Names,
    proto: Names,
    /// `/package.Service/Method`, unique over both languages.
    paths: Table<Route>,
}

/// The methods of one language, as messages without a path name them. A name that several have is `None`.
#[derive(Debug, Default)]
struct Names {
    /// Without headers there is the method's name alone.
    bare: Table<Option<Route>>,
    /// By the service's name in the IDL; proto's with and without the package.
    services: Table<Table<Option<Route>>>,
}

/// A table whose keys are names of the program's own: nobody else chooses which stand in it, so that its hash needs no
/// secret.
type Table<T> = HashMap<&'static str, T, BuildHasherDefault<Fnv>>;

/// What stands between service and method in a name that states both: `SEPARATOR` of Apache's
/// `TMultiplexedProtocol`.
const SEPARATOR: char = ':';

impl Router {
    /// Makes the tables.
    ///
    /// # Errors
    ///
    /// [`Code::FailedPrecondition`] when no service is given, or when one is given twice.
    pub fn new(services: Vec<Arc<dyn Service>>) -> Result<Self, Error> {
        Self::with_own(services, |_| Vec::new())
    }

    /// A router with services of the server's own, made for those that are given: each is found by its paths alone, and
    /// where none of them has those.
    pub fn with_own(
        services: Vec<Arc<dyn Service>>,
        own: impl FnOnce(&[Arc<dyn Service>]) -> Vec<Arc<dyn Service>>,
    ) -> Result<Self, Error> {
        let mut tables = Tables::default();
        for service in &services {
            tables.add(service)?;
        }
        if tables.services.is_empty() {
            return Err(Error::new(Code::FailedPrecondition, "no service is added to the server"));
        }
        for service in own(&services) {
            tables.add_own(&service);
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

    /// Every method, those of the server's own services too, in no order.
    pub fn methods(&self) -> impl Iterator<Item = &Route> {
        self.tables.paths.values()
    }

    fn names(&self, idl: Idl) -> &Names {
        match idl {
            Idl::Thrift => &self.tables.thrift,
            Idl::Proto => &self.tables.proto,
        }
    }

    /// The method of a message: of a name alone, of one with the service before it
    /// (`AddService:Add`, Apache's `TMultiplexedProtocol`), or of a name whose `service` a header
    /// states. A header's service that is not here is forgiven where the name alone is enough, as
    /// in Kitex.
    pub fn find(&self, idl: Idl, service: Option<&str>, name: &str) -> Option<&Route> {
        let names = self.names(idl);
        let methods = service.and_then(|service| names.services.get(service));
        let route = methods.unwrap_or(&names.bare).get(name).and_then(Option::as_ref);
        route.or_else(|| {
            let (service, name) = name.split_once(SEPARATOR)?;
            names.services.get(service)?.get(name)?.as_ref()
        })
    }

    /// The error for a name that [`Router::find`] does not find.
    pub fn missing(&self, idl: Idl, name: &str) -> Error {
        let names = self.names(idl);
        let text = match name.split_once(SEPARATOR) {
            Some((service, _)) if !names.services.contains_key(service) => {
                let served: Vec<_> =
                    self.services().iter().filter(|info| info.idl == idl).map(|info| info.name).collect();
                format!("unknown service {service}; served here: {}", served.join(", "))
            }
            None if matches!(names.bare.get(name), Some(None)) => format!(
                "several services here have a method {name}; TTHeader can say which is meant (isn), or a name like Service{SEPARATOR}{name}"
            ),
            _ => return unknown_method(name),
        };
        Error::new(Code::Unimplemented, text).with_origin(Origin::UnknownMethod)
    }

    /// The method of a path of gRPC's form.
    pub fn by_path(&self, path: &str) -> Option<&Route> {
        self.tables.paths.get(path)
    }

    /// The method of a path whose package is not the one of the IDL: go-micro's clients write the
    /// name in the registry there (`/go.micro.srv.greeter.Greeter/Hello`). The last part of the
    /// service's name decides where one proto service alone has it.
    pub fn by_last_part(&self, path: &str) -> Option<&Route> {
        let (service, method) = path.rsplit_once('/')?;
        let (_, service) = service.rsplit_once(['/', '.'])?;
        self.by_last_name(service, method)
    }

    /// The method of `Service.Method`, as go-micro's default transport names it.
    pub fn by_endpoint(&self, endpoint: &str) -> Option<&Route> {
        let (service, method) = endpoint.rsplit_once('.')?;
        self.by_last_name(service, method)
    }

    fn by_last_name(&self, service: &str, method: &str) -> Option<&Route> {
        let mut named = self.services().iter().filter(|info| info.idl == Idl::Proto && info.name == service);
        let info = named.next().filter(|_| named.next().is_none())?;
        let method = info.methods.iter().find(|known| known.name == method)?;
        self.by_path(method.path)
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
            match method.idl {
                Idl::Thrift => self.thrift.add(info.name, "", route),
                Idl::Proto => self.proto.add(info.name, full_name(method.path), route),
            }
        }
        self.services.push(info);
        Ok(())
    }

    fn add_own(&mut self, service: &Arc<dyn Service>) {
        let methods = service.info().methods;
        if methods.iter().any(|method| self.paths.contains_key(method.path)) {
            return;
        }
        for method in methods {
            self.paths.insert(method.path, Route { service: Arc::clone(service), method });
        }
    }
}

impl Names {
    fn add(&mut self, service: &'static str, full: &'static str, route: Route) {
        let name = route.method.name;
        add_unless_several(&mut self.bare, name, &route);
        add_unless_several(self.services.entry(service).or_default(), name, &route);
        if !full.is_empty() && full != service {
            add_unless_several(self.services.entry(full).or_default(), name, &route);
        }
    }
}

fn add_unless_several(table: &mut Table<Option<Route>>, name: &'static str, route: &Route) {
    table.entry(name).and_modify(|found| *found = None).or_insert_with(|| Some(route.clone()));
}

/// `package.Service` of `/package.Service/Method`.
fn full_name(path: &'static str) -> &'static str {
    let service = path.strip_prefix('/').and_then(|path| path.rsplit_once('/'));
    service.map_or("", |(service, _)| service)
}

fn insert(table: &mut Table<Route>, key: &'static str, route: Route) -> Result<(), Error> {
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
pub fn unknown_method(name: &str) -> Error {
    Error::new(Code::Unimplemented, format!("unknown method {name}")).with_origin(Origin::UnknownMethod)
}
