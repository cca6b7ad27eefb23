//! What a run is for, to whoever has to allow it.

/// The kinds of runs that take rights of their own, in every cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// To look, and to change nothing.
    Plan,
    /// To make and to change what is wanted, and to remove what was switched off.
    Apply,
    /// To remove everything, data too.
    Destroy,
}
