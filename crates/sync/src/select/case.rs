//! One of the cases of a choice.

use crate::Event;
use std::fmt;

/// Something to wait for: an attempt, and the event that is notified when it may succeed.
///
/// See [`Select`](crate::Select).
#[must_use = "a case does nothing before it is added to a `Select`"]
pub struct Case<'a, F> {
    pub(super) event: &'a Event,
    pub(super) attempt: F,
}

impl<'a, F> Case<'a, F> {
    /// Creates a case.
    ///
    /// `attempt` must not wait. It returns a value if it has taken effect, and otherwise has changed
    /// nothing. Whoever makes it possible has to notify `event` after that, at least one listener
    /// for each attempt that can then succeed.
    pub fn new<T>(event: &'a Event, attempt: F) -> Self
    where
        F: FnMut() -> Option<T>,
    {
        Self { event, attempt }
    }

    /// Converts what the case returns.
    pub fn map<T, U>(
        mut self,
        mut convert: impl FnMut(T) -> U,
    ) -> Case<'a, impl FnMut() -> Option<U>>
    where
        F: FnMut() -> Option<T>,
    {
        Case {
            event: self.event,
            attempt: move || (self.attempt)().map(&mut convert),
        }
    }
}

impl<F> fmt::Debug for Case<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("event", self.event)
            .finish_non_exhaustive()
    }
}
