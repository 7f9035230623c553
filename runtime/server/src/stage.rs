//! The stages of a server's life.

/// The stage of a server's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// It serves.
    #[default]
    Serving,
    /// It is on its way out; calls are answered.
    Leaving,
    /// Its connections are to end.
    Draining,
}
