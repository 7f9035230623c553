//! Registries that never change: `static:` addresses, and `none`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::announcement::Announcement;
use super::backend::{Backend, Task};
use super::check_name;
use super::error::Error;
use super::instance::{Endpoint, Instance};
use super::registration::Status;
use super::schemes::Scheme;
use super::snapshot::{Snapshot, View};
use super::url::{Url, UrlError};

/// `static:add=h:p,h:p;echo=h:p`.
pub(super) const STATIC: Scheme = Scheme {
    name: "static",
    form: "static:name=host:port",
    shared: false,
    open: |url| Ok(Box::new(Fixed::read(url)?)),
};
/// `none`.
pub(super) const NONE: Scheme =
    Scheme { name: "none", form: "none", shared: false, open: |_| Ok(Box::new(Fixed::none())) };

/// Fixed addresses; `none` is the empty one. Registering does nothing.
#[derive(Debug)]
pub(super) struct Fixed {
    name: &'static str,
    services: BTreeMap<String, Vec<Endpoint>>,
}

impl Fixed {
    /// `name=host:port,host:port;…`
    fn read(url: &Url<'_>) -> Result<Self, Error> {
        let mut services = BTreeMap::new();
        for part in url.rest().split(';') {
            let (name, list) = Self::service(url, part).map_err(Error::Url)?;
            if services.insert(name.to_owned(), list).is_some() {
                return Err(Error::Url(url.error(name, "this service stands here twice")));
            }
        }
        Ok(Self { name: "static", services })
    }

    fn service<'a>(url: &Url<'_>, part: &'a str) -> Result<(&'a str, Vec<Endpoint>), Box<UrlError>> {
        let form = "write name=host:port,host:port; separate services with `;`";
        let (name, addresses) = part.split_once('=').ok_or_else(|| url.error(part, form))?;
        check_name(name).map_err(|why| url.error(name, format!("this service name {why}")))?;
        let list = addresses.split(',').map(|one| address(url, one)).collect::<Result<_, _>>()?;
        Ok((name, list))
    }

    fn none() -> Self {
        Self { name: "none", services: BTreeMap::new() }
    }
}

/// `host:port`, with a scheme in front or not.
fn address(url: &Url<'_>, part: &str) -> Result<Endpoint, Box<UrlError>> {
    let form = "write host:port, IPv6 as [::1]:port, over TLS https://host:port";
    Endpoint::parse_url(part).ok_or_else(|| url.error(part, form))
}

/// A view of fixed addresses, each once, in the order given.
pub(crate) fn snapshot(service: &str, endpoints: &[Endpoint]) -> Snapshot {
    let mut instances: Vec<Arc<Instance>> = Vec::with_capacity(endpoints.len());
    for endpoint in endpoints {
        let instance = Instance::new(service, endpoint.clone());
        if instances.iter().all(|known| known.id != instance.id) {
            instances.push(Arc::new(instance));
        }
    }
    Snapshot { instances, known: true, ..Snapshot::unknown(service) }
}

impl Backend for Fixed {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn registers(&self) -> bool {
        false
    }

    fn place(&self, service: &str) -> String {
        match self.name {
            "none" => "registry `none`, where nothing is ever found".to_owned(),
            name => format!("the {name}: registry for `{service}`"),
        }
    }

    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task> {
        let endpoints = self.services.get(service).map(Vec::as_slice).unwrap_or_default();
        view.publish(snapshot(service, endpoints));
        None
    }

    fn keep(&self, announcement: Announcement) -> Task {
        Box::pin(async move {
            announcement.withdrawn().await;
            announcement.tell(Status::Stopped);
        })
    }
}
