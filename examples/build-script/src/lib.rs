//! A service whose generated code is made by its build script and never committed.

/// The code that the build script made of `idl/user.thrift`.
pub mod generated {
    runtime::include_generated!();
}

pub mod users;
