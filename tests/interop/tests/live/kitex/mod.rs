//! Kitex's server and client, and ours, found through a real etcd in both directions.

mod metadata;
mod outcomes;
mod restart;
mod seed;
mod site;
mod timeouts;
mod values;
