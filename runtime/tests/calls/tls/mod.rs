//! TLS for serving and calling: every protocol, certificates of both sides, files that change, and what is refused.

mod calling;
mod echo;
mod files;
mod refused;
