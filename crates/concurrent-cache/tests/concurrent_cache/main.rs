//! `ConcurrentCache` from outside.

mod bounds;
mod computing;
mod foreign_code;
mod model;
mod times;
mod whole;

use ft_concurrent_cache::{Builder, Cause};
use std::sync::{Arc, Mutex};

/// What a listener has heard: key, value and cause.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(u64, u64, Cause)>>>);

impl Heard {
    /// Makes the cache tell us.
    fn by<S, C>(&self, builder: Builder<u64, u64, S, C>) -> Builder<u64, u64, S, C> {
        let heard = Arc::clone(&self.0);
        builder.listener(move |key, value, cause| {
            heard.lock().unwrap().push((*key, *value, cause));
        })
    }

    /// Returns what was heard since the last call.
    fn take(&self) -> Vec<(u64, u64, Cause)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
