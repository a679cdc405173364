//! The lock of a condition: any lock, which a wait releases, and takes again in every case.

use super::lock::{PyLock, not_held};
use crate::runtime::{awaiting, blocking, error::both, stop};
use ft_semaphore::{Permit, Semaphore};
use ft_sync::deadline_after;
use pyo3::{intern, prelude::*};
use std::{sync::Arc, time::Duration};

/// How often a wait tries to take a lock that is not ours, if its method raises. A signal may have
/// interrupted it.
const TRIES: u32 = 5;

/// How long a thread waits for our lock after its wait has failed, before it does what it did before.
const PAUSE: Duration = Duration::from_millis(10);

/// The lock of a condition.
pub(super) enum Held<'py> {
    /// A [`PyLock`] whose methods no subclass has replaced.
    Ours(Arc<Semaphore>, Python<'py>),
    Other(Bound<'py, PyAny>),
}

/// What has to be given to the lock when it is taken again, such as the depth of an `RLock`.
pub(super) type Saved<'py> = Option<Bound<'py, PyAny>>;

impl<'py> Held<'py> {
    pub(super) fn new(lock: Bound<'py, PyAny>) -> Self {
        match lock.cast_exact::<PyLock>() {
            Ok(ours) => Self::Ours(Arc::clone(ours.get().core()), lock.py()),
            Err(_) => Self::Other(lock),
        }
    }

    /// Returns whether the caller has the lock, or someone has, if the lock cannot tell more.
    pub(super) fn is_held(&self) -> PyResult<bool> {
        let lock = match self {
            Self::Ours(core, _) => return Ok(core.is_locked()),
            Self::Other(lock) => lock,
        };
        let py = lock.py();
        for name in [intern!(py, "_is_owned"), intern!(py, "locked")] {
            if let Some(method) = lock.getattr_opt(name)? {
                return method.call0()?.is_truthy();
            }
        }
        if lock
            .call_method1(intern!(py, "acquire"), (false,))?
            .is_truthy()?
        {
            lock.call_method0(intern!(py, "release"))?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Releases the lock altogether, however often its owner has taken it.
    pub(super) fn release(&self) -> PyResult<Saved<'py>> {
        match self {
            Self::Ours(core, py) => {
                // This fails if another thread has released the lock meanwhile.
                let released = awaiting::ringing(*py, || core.release());
                released.map_err(|_| not_held())?;
                Ok(None)
            }
            Self::Other(lock) => {
                let py = lock.py();
                match lock.getattr_opt(intern!(py, "_release_save"))? {
                    Some(method) => Ok(Some(method.call0()?)),
                    None => {
                        lock.call_method0(intern!(py, "release"))?;
                        Ok(None)
                    }
                }
            }
        }
    }

    /// Takes the lock again. Neither a signal handler that raises nor the stop of a thread's group ends
    /// this wait. The handler's exception is raised when the thread has the lock.
    pub(super) fn acquire_again(&self, saved: Saved<'py>) -> PyResult<()> {
        stop::shielded(|| match self {
            Self::Ours(core, py) => acquire_ours(*py, core),
            Self::Other(lock) => acquire_other(lock, saved.as_ref()),
        })
    }
}

fn acquire_ours(py: Python<'_>, core: &Semaphore) -> PyResult<()> {
    if let Some(permit) = core.try_acquire() {
        permit.forget();
        return Ok(());
    }
    let mut place = core.acquire_async();
    let mut raised = Ok(());
    loop {
        match blocking::wait_in_slices(py, None, |until| place.wait_deadline(until)) {
            Ok(permit) => {
                permit.into_iter().for_each(Permit::forget);
                return raised;
            }
            Err(err) => raised = both(py, raised, Err(err)),
        }
        // Without memory the wait fails before it begins, again and again. This one needs none.
        let soon = deadline_after(PAUSE);
        if let Some(permit) = py.detach(|| place.wait_deadline(soon)) {
            permit.forget();
            return raised;
        }
    }
}

fn acquire_other<'py>(lock: &Bound<'py, PyAny>, saved: Option<&Bound<'py, PyAny>>) -> PyResult<()> {
    let py = lock.py();
    let acquire = || match saved {
        Some(saved) => lock.call_method1(intern!(py, "_acquire_restore"), (saved,)),
        None => lock.call_method0(intern!(py, "acquire")),
    };
    let mut raised = Ok(());
    for _ in 1..TRIES {
        match acquire() {
            Ok(_) => return raised,
            Err(err) => raised = both(py, raised, Err(err)),
        }
    }
    both(py, raised, acquire().map(drop))
}
