//! The registry and the resolver on a real etcd that is killed, stopped, wiped, cut off, refilled:
//! what callers, resolvers and etcd itself see of it, with the default times.

pub mod etcd;
pub mod fleet;
pub mod health;
pub mod lookout;
pub mod proxy;
pub mod puts;
pub mod rate;
mod rows;
pub mod sight;
pub mod stage;
pub mod world;

pub use rows::{ORDER, ROWS, SHORT};

/// The heading of the table.
pub const TITLE: &str = "What callers notice when etcd fails";

/// What stands above the table.
pub const TEXT: &str = "\
A real etcd (3.4) on the same machine (2 cores, loopback) is killed, stopped, wiped and cut off. Unless a row
says otherwise, the load is 50 services in all layouts, half of them with one instance and half with two, 20
resolving registries, and 1,400 calls a second; every server and every resolver has a connection and a lease of
its own, with the default times (lease 15 s). A removal is an instance that runs and that a resolver stops
showing. The program exits with 1 when a bound is broken; rows named by a test are shown by that test alone:

```sh
cargo build --profile attack -p faults
cargo run --profile attack -p faults --bin faults -- registry
```";
