//! The multiplexed connections to each address: about as many as cores.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpStream;

use super::counters::Counters;
use super::link::Link;
use crate::error::Error;
use crate::registry::{Endpoint, Snapshot};

/// What an instance's metadata says when it answers out of order: `kiteline` = `mux`.
pub(crate) const KEY: &str = "kiteline";
/// See [`KEY`].
pub(crate) const VALUE: &str = "mux";

/// Connections to one address, each made when its turn comes.
#[derive(Debug)]
struct Lane {
    links: Vec<tokio::sync::Mutex<Option<Arc<Link>>>>,
    next: AtomicUsize,
}

/// Multiplexed connections by endpoint.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Mutex<HashMap<Endpoint, Arc<Lane>>>,
    frame: usize,
    width: usize,
    counters: Arc<Counters>,
}

impl Lanes {
    pub(super) fn new(frame: usize, counters: Arc<Counters>) -> Self {
        let width = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8);
        Self { lanes: Mutex::default(), frame, width, counters }
    }

    /// The next connection, opened by `open` where there is none that takes calls.
    pub(super) async fn link(
        &self,
        endpoint: &Endpoint,
        snapshot: &Snapshot,
        open: impl Future<Output = Result<TcpStream, Error>>,
    ) -> Result<Arc<Link>, Error> {
        let lane = self.lane(endpoint, snapshot);
        let turn = lane.next.fetch_add(1, Ordering::Relaxed) % self.width;
        let Some(place) = lane.links.get(turn) else { return Err(Error::internal("no connection has this turn")) };
        let mut place = place.lock().await;
        if let Some(link) = place.as_ref().filter(|link| link.is_open()) {
            return Ok(Arc::clone(link));
        }
        let link = Arc::new(Link::new(open.await?, self.frame, Arc::clone(&self.counters)));
        *place = Some(Arc::clone(&link));
        Ok(link)
    }

    fn lane(&self, endpoint: &Endpoint, snapshot: &Snapshot) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(endpoint) {
            return Arc::clone(lane);
        }
        // A new address is the moment to forget old ones.
        let known = |old: &Endpoint| snapshot.instances.iter().any(|instance| instance.endpoints.contains(old));
        lanes.retain(|old, _| known(old));
        let links = (0..self.width).map(|_| tokio::sync::Mutex::default()).collect();
        let lane = Arc::new(Lane { links, next: AtomicUsize::new(0) });
        lanes.insert(endpoint.clone(), Arc::clone(&lane));
        lane
    }
}
