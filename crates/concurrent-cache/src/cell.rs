//! What the table holds for a key, and what it was.

use crate::{life::Life, policy::Id};
use ft_sync::Arc;

/// What the table holds for a key.
pub(crate) struct Cell<V> {
    pub(crate) value: V,
    /// The entry of the policy.
    pub(crate) stamp: u64,
    pub(crate) mark: u32,
    /// How often the value was replaced while the policy kept the entry.
    pub(crate) edition: u32,
    pub(crate) life: Option<Arc<Life>>,
}

/// What tells a value from all others that its key ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Version {
    stamp: u64,
    edition: u32,
}

impl<V> Cell<V> {
    pub(crate) fn new(value: V, id: Id, life: Option<Arc<Life>>) -> Self {
        Self {
            value,
            stamp: id.stamp,
            mark: id.mark,
            edition: 0,
            life,
        }
    }

    /// Returns this cell with another value.
    pub(crate) fn with(&self, value: V) -> Self {
        Self {
            value,
            stamp: self.stamp,
            mark: self.mark,
            edition: self.edition.wrapping_add(1),
            life: None,
        }
    }

    pub(crate) fn id(&self) -> Id {
        Id {
            mark: self.mark,
            stamp: self.stamp,
        }
    }

    pub(crate) fn version(&self) -> Version {
        Version {
            stamp: self.stamp,
            edition: self.edition,
        }
    }

    pub(crate) fn is_over(&self, now: Option<u64>) -> bool {
        let over = |life: &Arc<Life>| now.is_some_and(|now| life.is_over(now));
        self.life.as_ref().is_some_and(over)
    }

    pub(crate) fn is_fresh(&self, now: Option<u64>) -> bool {
        let fresh = |life: &Arc<Life>| now.is_none_or(|now| life.is_fresh(now));
        self.life.as_ref().is_none_or(fresh)
    }
}
