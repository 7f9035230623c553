//! Registries that never change: `static:` addresses, and `none`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::announcement::Announcement;
use super::backend::{Backend, Looking, Task};
use super::check_name;
use super::error::Error;
use super::instance::{Endpoint, Instance};
use super::listing::Listing;
use super::registration::Status;
use super::schemes::Scheme;
use super::snapshot::{Snapshot, View};
use super::url::{Url, UrlError};

/// `static:add=h:p,h:p?mux;echo=h:p`.
pub(super) const STATIC: Scheme = Scheme {
    name: "static",
    form: "static:name=host:port",
    shared: false,
    open: |url| Ok(Box::new(Fixed::read(url)?)),
};
/// `none`.
pub(super) const NONE: Scheme =
    Scheme { name: "none", form: "none", shared: false, open: |_| Ok(Box::new(Fixed::none())) };

/// The option of an address that callers may share connections to.
const MUX: &str = "mux";

/// Fixed addresses; `none` is the empty one. Registering does nothing.
#[derive(Debug)]
pub(super) struct Fixed {
    name: &'static str,
    services: BTreeMap<String, Vec<Instance>>,
}

impl Fixed {
    /// `name=host:port,host:port?mux;…`
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

    fn service<'a>(url: &Url<'_>, part: &'a str) -> Result<(&'a str, Vec<Instance>), Box<UrlError>> {
        let form = "write name=host:port,host:port; separate services with `;`";
        let (name, addresses) = part.split_once('=').ok_or_else(|| url.error(part, form))?;
        check_name(name).map_err(|why| url.error(name, format!("this service name {why}")))?;
        let list = addresses.split(',').map(|one| instance(url, name, one)).collect::<Result<_, _>>()?;
        Ok((name, list))
    }

    fn none() -> Self {
        Self { name: "none", services: BTreeMap::new() }
    }
}

/// `host:port`, with a scheme in front or not, and with `?mux` where it answers out of order.
fn instance(url: &Url<'_>, service: &str, part: &str) -> Result<Instance, Box<UrlError>> {
    let form = "write host:port, IPv6 as [::1]:port, over TLS https://host:port";
    let (address, option) = part.split_once('?').map_or((part, None), |(address, option)| (address, Some(option)));
    let endpoint = Endpoint::parse_url(address).ok_or_else(|| url.error(address, form))?;
    match option {
        Some(option) if option != MUX => Err(url.unknown("option of an address", option, &[MUX])),
        option => Ok(Instance::new(service, endpoint).with_out_of_order(option.is_some())),
    }
}

/// A view of fixed instances, each address once, in the order given.
pub(crate) fn snapshot(service: &str, all: impl IntoIterator<Item = Instance>) -> Snapshot {
    let mut instances: Vec<Arc<Instance>> = Vec::new();
    for instance in all {
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
        let instances = self.services.get(service).into_iter().flatten().cloned();
        view.publish(snapshot(service, instances));
        None
    }

    fn list(&self, service: Option<&str>) -> Looking {
        let all = self.services.values().flatten();
        let listing = Listing::of(self.name, all.filter(|it| service.is_none_or(|name| name == it.service)));
        Box::pin(std::future::ready(Ok(listing)))
    }

    fn keep(&self, announcement: Announcement) -> Task {
        Box::pin(async move {
            announcement.withdrawn().await;
            announcement.tell(Status::Stopped);
        })
    }
}
