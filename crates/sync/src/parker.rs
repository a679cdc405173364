//! How a thread waits for a waker.

use crate::{
    Event,
    atomic::{
        AtomicBool,
        Ordering::{Acquire, Release},
    },
};
// A waker is made from std's, also under loom.
use std::{
    sync::Arc,
    task::{Wake, Waker},
    time::Instant,
};

/// Lets a thread wait for what would otherwise wake a task: it parks until its waker is woken.
///
/// One wake-up that comes early, before the thread parks, is kept for it.
#[derive(Debug, Default)]
pub struct Parker(Arc<Token>);

#[derive(Debug, Default)]
struct Token {
    /// Set by the waker, taken by the thread.
    is_set: AtomicBool,
    /// Notified when it is set.
    set: Event,
}

impl Parker {
    /// Creates a parker that nobody has woken yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the waker that ends the wait.
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    /// Waits until woken, which returns true, or until `deadline`, which returns false.
    ///
    /// Under loom deadlines never pass.
    pub fn park(&self, deadline: Option<Instant>) -> bool {
        // Acquire: pairs with the Release in `wake`, so that what came before it is seen.
        let take = || self.0.is_set.swap(false, Acquire).then_some(());
        self.0.set.wait_until(deadline, take).is_some()
    }
}

impl Wake for Token {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the Acquire in `park`; an exchange, so that of several wakers each is
        // seen.
        self.is_set.swap(true, Release);
        self.set.notify(1);
    }
}
