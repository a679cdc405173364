use ft_compat::{Protected, Slices, Timeout};
use pyo3::prelude::*;
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// A place for one object, which may be waited for.
#[pyclass(frozen)]
#[derive(Default)]
pub struct Mailbox {
    letter: Protected<Option<Py<PyAny>>>,
    /// How many there have been.
    count: Mutex<u64>,
    arrived: Condvar,
}

#[pymethods]
impl Mailbox {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Puts an object into the mailbox; one that is there already is dropped.
    fn put(&self, py: Python<'_>, letter: Py<PyAny>) {
        self.letter.set(py, Some(letter));
        *self.count() += 1;
        self.arrived.notify_all();
    }

    /// Waits for an object and takes it; returns `None` after the timeout.
    #[pyo3(signature = (timeout=None))]
    fn take(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<Option<Py<PyAny>>> {
        let slices = Slices::new(py, Timeout::deadline(timeout))?;
        loop {
            let seen = *self.count();
            if let Some(letter) = &*self.letter.take(py) {
                return Ok(Some(letter.clone_ref(py)));
            }
            if slices.is_over() {
                return Ok(None);
            }
            let until = slices.until();
            py.detach(|| self.wait_for_more(seen, until));
            py.check_signals()?;
        }
    }
}

impl Mailbox {
    fn count(&self) -> MutexGuard<'_, u64> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_more(&self, seen: u64, until: Option<Instant>) {
        let (count, no_more) = (self.count(), |count: &mut u64| *count == seen);
        match until {
            None => drop(self.arrived.wait_while(count, no_more)),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                drop(self.arrived.wait_timeout_while(count, left, no_more));
            }
        }
    }
}
