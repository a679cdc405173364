use ft_compat::{Timeout, wait};
use pyo3::prelude::*;
use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Instant,
};

/// A gate that is closed until it is opened.
#[pyclass(frozen)]
#[derive(Default)]
pub struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

#[pymethods]
impl Gate {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn open(&self) {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    /// Waits for the gate to open; Ctrl-C ends that. Returns whether it is open.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<bool> {
        let deadline = Timeout::deadline(timeout);
        Ok(wait(py, deadline, |until| self.wait_until(until))?.is_some())
    }
}

impl Gate {
    fn wait_until(&self, until: Option<Instant>) -> Option<()> {
        let is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = match until {
            None => self.opened.wait_while(is_open, |is_open| !*is_open),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                let waited = (self.opened).wait_timeout_while(is_open, left, |is_open| !*is_open);
                waited.map(|(is_open, _)| is_open).map_err(|err| {
                    let (is_open, _) = err.into_inner();
                    PoisonError::new(is_open)
                })
            }
        };
        is_open
            .unwrap_or_else(PoisonError::into_inner)
            .then_some(())
    }
}
