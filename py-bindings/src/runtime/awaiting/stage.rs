//! The stage that a coroutine is in, and the alarm that makes its task continue.

use super::{
    event_loop::{Asyncio, wake},
    operation::Operation,
};
use pyo3::{intern, prelude::*};
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};

pub(super) enum Stage {
    /// The coroutine has not been awaited yet.
    New(Job),
    /// The coroutine has not been awaited yet, but has nothing to do, so dropping it is no mistake.
    Finished,
    /// The coroutine's task waits.
    Suspended(Job, Suspension),
    /// A thread is inside one of the coroutine's steps.
    Running,
    Done,
}

pub(super) struct Job {
    pub(super) operation: Box<dyn Operation>,
    pub(super) deadline: Option<Instant>,
}

/// What a task waits for.
pub(super) struct Suspension {
    pub(super) alarm: Arc<Alarm>,
    /// A timer handle of the loop, which ends the wait at the deadline.
    pub(super) timer: Option<Py<PyAny>>,
}

pub(super) fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Suspension {
    pub(super) fn cancel_timer(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(timer) = &self.timer {
            timer.call_method0(py, intern!(py, "cancel"))?;
        }
        Ok(())
    }
}

/// Resumes the waiting task when it is rung.
pub(super) struct Alarm {
    pub(super) event_loop: Py<PyAny>,
    /// The future that the task waits for. It belongs to the loop's thread.
    pub(super) future: Py<PyAny>,
    /// The stage of the coroutine that the task runs.
    pub(super) stage: Weak<Mutex<Stage>>,
}

/// How often an alarm is rung at most, when signal handlers interrupt the ringing.
const TRIES: u32 = 5;

impl Alarm {
    pub(super) fn start_timer(
        &self,
        py: Python<'_>,
        deadline: Option<Instant>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let Some(deadline) = deadline else {
            return Ok(None);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let arguments = (left.as_secs_f64(), &Asyncio::get(py)?.wake, &self.future);
        let timer = (self.event_loop).call_method1(py, intern!(py, "call_later"), arguments)?;
        Ok(Some(timer))
    }

    /// Rings the alarm. Returns an exception that a signal handler has raised in the meantime.
    pub(super) fn ring(&self, py: Python<'_>) -> Option<PyErr> {
        // This call needs references of its own: to the collector, the alarm's references belong to
        // the coroutine, and the collector may free the coroutine at any time.
        let event_loop = self.event_loop.clone_ref(py).into_bound(py);
        let future = self.future.clone_ref(py).into_bound(py);
        let mut interrupt = None;
        let mut is_closed = None;
        for _ in 0..TRIES {
            let Err(err) = resume_task(&event_loop, &future) else {
                return interrupt;
            };
            is_closed = event_loop
                .call_method0(intern!(py, "is_closed"))
                .and_then(|answer| answer.is_truthy())
                .ok();
            if is_closed == Some(true) {
                self.give_up();
                return interrupt;
            }
            interrupt = Some(err);
        }
        // The errors did not come from signals, so the loop does not work. A loop that cannot even
        // tell whether it is closed is garbage that the collector has begun to clear.
        self.give_up();
        if let (Some(false), Some(err)) = (is_closed, interrupt) {
            err.write_unraisable(py, Some(&event_loop));
        }
        None
    }

    /// Ends the coroutine, because its task cannot be resumed. The wake-up goes to the next waiter
    /// in line.
    fn give_up(&self) {
        let Some(stage) = self.stage.upgrade() else {
            return;
        };
        let mut stage = lock(&stage);
        let waits_for_us =
            matches!(&*stage, Stage::Suspended(_, wait) if std::ptr::eq(&*wait.alarm, self));
        if waits_for_us {
            let before = mem::replace(&mut *stage, Stage::Done);
            drop(stage);
            drop(before);
        }
    }
}

/// Makes the loop resume the task that waits for the future.
fn resume_task(event_loop: &Bound<'_, PyAny>, future: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = event_loop.py();
    let asyncio = Asyncio::get(py)?;
    if asyncio.running_loop.bind(py).call0()?.is(event_loop) {
        return wake(future);
    }
    let arguments = (&asyncio.wake, future);
    event_loop.call_method1(intern!(py, "call_soon_threadsafe"), arguments)?;
    Ok(())
}
