//! What needs a process of its own: each test here is run again, alone in one.

#[cfg(feature = "thrift")]
mod busy;
#[cfg(all(feature = "thrift", target_os = "linux"))]
mod descriptors;
#[cfg(feature = "thrift")]
mod logged;
#[cfg(all(feature = "thrift", target_os = "linux", target_env = "gnu"))]
mod malloc;
