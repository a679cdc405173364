//! What a job asks of its pool.

use std::any::Any;

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// A pool, as far as jobs know it.
pub(crate) trait Runner {
    /// A job has run for which this worker waits.
    fn finished(&self, worker: usize);

    /// A job for which nobody waits has panicked. This does not unwind.
    fn panicked(&self, payload: Payload);
}
