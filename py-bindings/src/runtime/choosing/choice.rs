//! The functions `select` and `select_async`, and the operation that they perform.

use super::case::Case;
use crate::runtime::{
    awaiting::{Coroutine, Operation, Outcome, ringing},
    blocking::{self, Timeout},
    create::{PairRoom, exception},
};
use ft_sync::shuffle;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyTimeoutError, PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::PyTuple,
};
use std::{
    task::{Poll, Waker},
    time::Instant,
};

/// Wait until the first of several cases is possible, do that one, and return it and its value.
///
/// The cases come from other objects. queue.popping(), deque.popping() and deque.poppingleft() take an
/// item, which is the value. queue.pushing(item) puts one in, semaphore.acquiring(n) and
/// limiter.acquiring(n) take slots or permits; the value is None. event.waiting(), flag.waiting() and
/// latch.waiting() wait; the value is True. Exactly one case takes effect, and the others leave no
/// trace. If several are possible, each has the same chance. After timeout seconds raise TimeoutError; then no case has
/// taken effect. With timeout=0 it does not wait. Ctrl-C ends a wait within 0.1 s.
///
/// A queue that is shut down, or has failed, makes its case possible: select() raises what the
/// queue's own method would raise, and the exception's attribute case is the case.
///
/// >>> jobs, stopped = ConcurrentQueue(), Event()
/// >>> job, stop = jobs.popping(), stopped.waiting()
/// >>> jobs.push("paint")
/// >>> select(job, stop) == (job, "paint")
/// True
/// >>> stopped.set()
/// >>> case, value = select(job, stop)
/// >>> case is stop
/// True
#[pyfunction]
#[pyo3(signature = (*cases, timeout=None))]
pub(crate) fn select(
    cases: &Bound<'_, PyTuple>,
    timeout: Option<Timeout>,
) -> PyResult<Option<Py<PyAny>>> {
    let py = cases.py();
    let mut choice = Choice::new("select", cases)?;
    let done = blocking::perform(py, Timeout::deadline(timeout), &mut choice);
    // Passes on the wake-ups that were not needed.
    ringing(py, || drop(choice));
    done?.unwrap_or_else(|| Err(PyTimeoutError::new_err(())))
}

/// Do what select() does in a coroutine: the task waits, not its thread.
///
/// The timeout counts from this call. A task that is cancelled while it waits leaves no trace: no
/// case has taken effect.
///
/// >>> import asyncio
/// >>> jobs, stopped = ConcurrentQueue(), Event()
/// >>> async def work():
/// ...     job, stop = jobs.popping(), stopped.waiting()
/// ...     while (await select_async(job, stop))[0] is not stop:
/// ...         stopped.set()
/// >>> jobs.push("paint")
/// >>> asyncio.run(work())
#[pyfunction]
#[pyo3(signature = (*cases, timeout=None))]
pub(crate) fn select_async(
    cases: &Bound<'_, PyTuple>,
    timeout: Option<Timeout>,
) -> PyResult<Coroutine> {
    let choice = Choice::new("select_async", cases)?;
    let deadline = Timeout::deadline(timeout);
    Ok(Coroutine::new("select_async", choice, deadline))
}

/// The operations of several cases, of which the first that is possible is performed. This works like
/// [`ft_sync::Select`], whose documentation says why it is right and where it comes from.
///
/// Each operation uses up a wake-up only to make its own attempt. Dropping the others passes on the
/// wake-ups that they have got in the meantime.
struct Choice(Vec<Arm>);

struct Arm {
    case: Py<Case>,
    operation: Box<dyn Operation>,
}

impl Choice {
    fn new(function: &str, cases: &Bound<'_, PyTuple>) -> PyResult<Self> {
        if cases.is_empty() {
            let message = format!("{function}() needs at least one case");
            return Err(exception::<PyValueError>(message));
        }
        let arms = cases.iter_borrowed().map(|case| {
            let Ok(case) = case.cast::<Case>() else {
                let kind = case.get_type().name()?.to_string();
                let message =
                    format!("{function}() takes cases, such as queue.popping(), not '{kind}'");
                return Err(exception::<PyTypeError>(message));
            };
            Ok(Arm {
                case: case.to_owned().unbind(),
                operation: case.get().begin(case.py()),
            })
        });
        arms.collect::<PyResult<_>>().map(Self)
    }

    /// Performs the first operation with an outcome.
    fn first(
        &mut self,
        py: Python<'_>,
        mut look: impl FnMut(&mut dyn Operation) -> Option<Outcome>,
    ) -> Option<Outcome> {
        // It is made first, because nothing may fail once a case has taken effect.
        let answer = match PairRoom::new(py) {
            Ok(answer) => answer,
            Err(err) => return Some(Err(err)),
        };
        shuffle(&mut self.0);
        let (case, outcome) = (self.0.iter_mut())
            .find_map(|arm| Some((arm.case.bind(py), look(&mut *arm.operation)?)))?;
        Some(match outcome {
            Ok(value) => {
                let value = value.unwrap_or_else(|| py.None()).into_bound(py);
                Ok(Some(answer.fill(case.as_any().clone(), value).unbind()))
            }
            Err(err) => {
                let told = err.value(py).setattr(intern!(py, "case"), case);
                Err(told.err().unwrap_or(err))
            }
        })
    }
}

impl Operation for Choice {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        self.first(py, |operation| operation.attempt(py))
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        let done = self.first(py, |operation| match operation.poll(py, waker) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        });
        done.map_or(Poll::Pending, Poll::Ready)
    }

    fn wake_at(&self) -> Option<Instant> {
        self.0
            .iter()
            .filter_map(|arm| arm.operation.wake_at())
            .min()
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.iter().try_for_each(|arm| {
            visit.call(&arm.case)?;
            arm.operation.traverse(visit)
        })
    }
}
