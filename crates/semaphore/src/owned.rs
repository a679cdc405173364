//! Permits that do not borrow their semaphore.

use crate::Semaphore;
// The receiver of a method is std's `Arc`, also under loom and shuttle.
use std::sync::Arc;

/// A permit, or several, with a reference to the semaphore: it can be sent to another thread, or kept as
/// long as one likes. Dropping it gives the permits back.
///
/// ```
/// use ft_semaphore::Semaphore;
/// use std::{sync::Arc, thread};
///
/// let connections = Arc::new(Semaphore::new(2));
/// let permit = Arc::clone(&connections).acquire_owned();
/// let worker = thread::spawn(move || {
///     let _permit = permit;
///     "served"
/// });
/// assert_eq!(worker.join().unwrap(), "served");
/// assert_eq!(connections.available(), 2);
/// ```
#[derive(Debug)]
#[must_use = "the permit is given back at once if this is dropped"]
pub struct OwnedPermit {
    semaphore: Arc<Semaphore>,
    n: usize,
}

impl Semaphore {
    /// Does what [`acquire`](Self::acquire) does.
    pub fn acquire_owned(self: Arc<Self>) -> OwnedPermit {
        self.acquire_many_owned(1)
    }

    /// Does what [`acquire_many`](Self::acquire_many) does.
    pub fn acquire_many_owned(self: Arc<Self>, n: usize) -> OwnedPermit {
        self.acquire_many(n).forget();
        OwnedPermit { semaphore: self, n }
    }

    /// Does what [`try_acquire`](Self::try_acquire) does.
    pub fn try_acquire_owned(self: Arc<Self>) -> Option<OwnedPermit> {
        self.try_acquire_many_owned(1)
    }

    /// Does what [`try_acquire_many`](Self::try_acquire_many) does.
    pub fn try_acquire_many_owned(self: Arc<Self>, n: usize) -> Option<OwnedPermit> {
        self.try_acquire_many(n)?.forget();
        Some(OwnedPermit { semaphore: self, n })
    }

    /// Does what [`acquire_async`](Self::acquire_async) does.
    pub async fn acquire_owned_async(self: Arc<Self>) -> OwnedPermit {
        self.acquire_many_owned_async(1).await
    }

    /// Does what [`acquire_many_async`](Self::acquire_many_async) does.
    pub async fn acquire_many_owned_async(self: Arc<Self>, n: usize) -> OwnedPermit {
        self.acquire_many_async(n).await.forget();
        OwnedPermit { semaphore: self, n }
    }
}

impl OwnedPermit {
    /// Returns the number of permits.
    pub fn count(&self) -> usize {
        self.n
    }

    /// Returns the semaphore.
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }

    /// Keeps the permits taken, as [`Permit::forget`](crate::Permit::forget) does.
    pub fn forget(mut self) {
        self.n = 0;
    }

    /// Takes `n` of the permits out, as a value of their own. Returns `None` if there are fewer.
    ///
    /// ```
    /// use ft_semaphore::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut all = Arc::clone(&semaphore).acquire_many_owned(3);
    /// let one = all.split(1).unwrap();
    /// assert!(all.split(3).is_none());
    /// drop(all);
    /// assert_eq!((one.count(), semaphore.available()), (1, 2));
    /// ```
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.n = self.n.checked_sub(n)?;
        let semaphore = Arc::clone(&self.semaphore);
        Some(Self { semaphore, n })
    }
}

impl Drop for OwnedPermit {
    fn drop(&mut self) {
        if self.n > 0 {
            // As for a permit that borrows: somebody else may have released it.
            let _ = self.semaphore.release_many(self.n);
        }
    }
}
