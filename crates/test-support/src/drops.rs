//! Values whose drops are counted.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

/// Makes values, and counts how many of them have been dropped.
///
/// ```
/// use ft_test_support::Drops;
///
/// let drops = Drops::default();
/// let (first, second) = (drops.value(), drops.value());
/// drop(first);
/// assert_eq!((drops.count(), drops.alive()), (1, 1));
/// drop(second.clone());
/// assert_eq!((drops.count(), drops.alive()), (2, 1));
/// ```
#[derive(Default)]
pub struct Drops(Arc<AtomicUsize>);

impl Drops {
    /// Makes a value.
    pub fn value(&self) -> Counted {
        Counted(Arc::clone(&self.0))
    }

    /// Returns how many values, clones included, have been dropped.
    pub fn count(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Returns how many values, clones included, have not been dropped.
    pub fn alive(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// A value that [`Drops`] counts when it is dropped.
#[derive(Clone)]
pub struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}
