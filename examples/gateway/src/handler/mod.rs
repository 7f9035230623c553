//! The handlers, one file a service.
pub mod add;
pub mod echo;

use runtime::Error;

/// Whatever a service fails with is a 500 here, with its message.
fn failed(error: Error) -> Error {
    Error::internal(error.message())
}
