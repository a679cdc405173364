//! How far a job has come.

/// The same phases as those of `concurrent.futures.Future`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    Pending,
    Running,
    /// `wait()` and `as_completed()` have not been told yet.
    Cancelled,
    Notified,
    Finished,
}

impl Phase {
    pub(crate) fn from_u8(phase: u8) -> Self {
        match phase {
            0 => Self::Pending,
            1 => Self::Running,
            2 => Self::Cancelled,
            3 => Self::Notified,
            _ => Self::Finished,
        }
    }

    /// Its name in `concurrent.futures`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Cancelled => "CANCELLED",
            Self::Notified => "CANCELLED_AND_NOTIFIED",
            Self::Finished => "FINISHED",
        }
    }

    /// What `repr` says.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Cancelled | Self::Notified => "cancelled",
            Self::Finished => "finished",
        }
    }

    pub(crate) fn is_cancelled(self) -> bool {
        matches!(self, Self::Cancelled | Self::Notified)
    }

    /// Whether there is nothing more to wait for.
    pub(crate) fn is_done(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}
