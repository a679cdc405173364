//! The cases of a [`Select`](ft_sync::Select).

use crate::ConcurrentDeque;
use ft_sync::Case;

impl<T> ConcurrentDeque<T> {
    /// Returns the case of a [`Select`](ft_sync::Select) that takes the item at the back.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    /// use ft_sync::Select;
    ///
    /// let (urgent, normal) = (ConcurrentDeque::new(), ConcurrentDeque::new());
    /// normal.push_back("paint");
    /// let mut next = Select::new()
    ///     .case(urgent.popping_front())
    ///     .case(normal.popping_back());
    /// assert_eq!(next.wait(), "paint");
    /// assert_eq!(next.try_now(), None);
    /// ```
    pub fn popping_back(&self) -> Case<'_, impl FnMut() -> Option<T>> {
        Case::new(&self.not_empty, || self.pop_back())
    }

    /// Returns the case of a [`Select`](ft_sync::Select) that takes the item at the front.
    pub fn popping_front(&self) -> Case<'_, impl FnMut() -> Option<T>> {
        Case::new(&self.not_empty, || self.pop_front())
    }
}
