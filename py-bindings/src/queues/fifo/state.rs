//! The state that the first-in first-out queues share: the core, the tasks, and the reason for the
//! end.

use crate::{
    queues::channel::Channel,
    runtime::{
        awaiting::ringing,
        blocking::{self, Timeout},
        create::exception,
        failure::Ending,
        object::Object,
    },
};
use ft_concurrent_queue::{
    ConcurrentQueue, TaskTracker, TryPopError, TryPushError, TryPushManyError,
};
use ft_sync::Event;
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use std::{collections::VecDeque, sync::Arc};

pub(crate) type Core = ConcurrentQueue<Object>;

#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) core: Arc<Core>,
    /// Counts the items that were pushed and are not done. Only the subclass with `task_done` has
    /// it.
    pub(crate) tasks: Option<Arc<TaskTracker>>,
    /// Why the core is closed, once it is.
    pub(crate) ending: Arc<Ending>,
    /// Whether waiting calls spin.
    spins: bool,
}

impl Inner {
    pub(crate) fn new(maxsize: Option<usize>, tasks: Option<TaskTracker>, spins: bool) -> Self {
        let core = maxsize.map_or_else(Core::unbounded, Core::bounded);
        Self {
            core: Arc::new(core),
            tasks: tasks.map(Arc::new),
            ending: Arc::default(),
            spins,
        }
    }

    #[inline]
    pub(crate) fn try_push(&self, item: Object) -> Result<(), TryPushError<Object>> {
        let Some(tasks) = &self.tasks else {
            return self.core.try_push(item);
        };
        let attempt = tasks.attempt();
        self.core.try_push(item)?;
        attempt.succeeded();
        Ok(())
    }

    pub(super) fn try_push_many(
        &self,
        items: &mut VecDeque<Object>,
    ) -> Result<(), TryPushError<()>> {
        if self.tasks.is_none() {
            return match self.core.try_push_many(items) {
                Ok(_) => Ok(()),
                Err(TryPushManyError::Full { .. }) => Err(TryPushError::Full(())),
                Err(TryPushManyError::Closed { .. }) => Err(TryPushError::Closed(())),
            };
        }
        while let Some(item) = items.pop_front() {
            let (item, refused) = match self.try_push(item) {
                Ok(()) => continue,
                Err(TryPushError::Full(item)) => (item, TryPushError::Full(())),
                Err(TryPushError::Closed(item)) => (item, TryPushError::Closed(())),
            };
            items.push_front(item);
            return Err(refused);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn wait<T>(
        &self,
        py: Python<'_>,
        timeout: Option<Timeout>,
        event: &Event,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> PyResult<Option<T>> {
        if let Some(done) = ringing(py, &mut attempt) {
            return Ok(Some(done));
        }
        let deadline = Timeout::deadline(timeout);
        if self.spins {
            blocking::spin(py, deadline, attempt)
        } else {
            blocking::wait(py, deadline, event, attempt)
        }
    }
}

impl Channel for Inner {
    #[inline]
    fn try_put(&self, _: Python<'_>, item: Object) -> PyResult<Result<(), TryPushError<Object>>> {
        Ok(self.try_push(item))
    }

    #[inline]
    fn try_get(&self, _: Python<'_>) -> PyResult<Result<Object, TryPopError>> {
        Ok(self.core.try_pop())
    }

    fn len(&self) -> usize {
        self.core.len()
    }

    fn capacity(&self) -> Option<usize> {
        self.core.capacity()
    }

    fn is_closed(&self) -> bool {
        self.core.is_closed()
    }

    fn close(&self) {
        self.core.close();
    }

    fn not_empty(&self) -> &Event {
        self.core.not_empty()
    }

    fn not_full(&self) -> &Event {
        self.core.not_full()
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }

    fn tasks(&self) -> PyResult<&TaskTracker> {
        let missing =
            || exception::<PyRuntimeError>("StdConcurrentQueue.__init__() was not called");
        self.tasks.as_deref().ok_or_else(missing)
    }
}

/// Returns the result of a pop, or `None` if the caller has to wait.
pub(super) fn popped<T>(answer: Result<T, TryPopError>) -> Option<Result<T, TryPopError>> {
    (!matches!(answer, Err(TryPopError::Empty))).then_some(answer)
}
