//! The equality by which a search finds items.

/// A query for items of a [`ConcurrentDeque`](crate::ConcurrentDeque): an equality that may be
/// slow, may fail, and may run any code.
///
/// ```
/// use ft_concurrent_deque::{ConcurrentDeque, Query};
/// use std::sync::Arc;
///
/// /// Finds the number that a text stands for.
/// struct Number(i32);
///
/// impl Query<Arc<str>> for Number {
///     type Error = std::num::ParseIntError;
///
///     fn matches(&self, item: &Arc<str>) -> Result<bool, Self::Error> {
///         Ok(item.parse::<i32>()? == self.0)
///     }
///
///     fn is_same(one: &Arc<str>, other: &Arc<str>) -> bool {
///         Arc::ptr_eq(one, other)
///     }
/// }
///
/// let deque: ConcurrentDeque<Arc<str>> = ["7", "08", "x"].map(Arc::from).into_iter().collect();
/// assert_eq!(deque.try_position(&Number(8), 0, isize::MAX)?, Some(1));
/// assert_eq!(deque.try_remove(&Number(7))?.as_deref(), Some("7"));
/// assert!(deque.try_remove(&Number(9)).is_err());
/// assert_eq!(deque.len(), 2);
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
pub trait Query<T> {
    /// The error of a comparison.
    type Error;

    /// Returns whether an item matches. It is called while no lock is held.
    ///
    /// # Errors
    ///
    /// An error ends the search, which has changed nothing, and becomes its result.
    fn matches(&self, item: &T) -> Result<bool, Self::Error>;

    /// Returns whether two items are one and the same, so that a comparison with one holds for the
    /// other.
    ///
    /// It is called under the lock. So it must be short, and must not call the deque, nor anything
    /// that could wait for a thread that does.
    fn is_same(one: &T, other: &T) -> bool;
}
