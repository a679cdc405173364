//! What a job asks of the worker that runs it.

use std::any::Any;

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// A worker, as far as jobs know it.
pub(crate) trait Runner {
    /// A job has run for which this worker of the same pool waits.
    fn finished(&self, owner: usize);

    /// A job for which nobody waits has panicked.
    fn panicked(&self, payload: Payload);
}
