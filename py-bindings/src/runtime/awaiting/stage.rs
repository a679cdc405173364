//! How far a coroutine has come, and the alarm that makes its task go on.

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
    /// Nobody has awaited it yet.
    New(Job),
    /// Nobody has awaited it yet, nor has to.
    Finished,
    /// Its task waits.
    Suspended(Job, Suspension),
    /// A thread is in one of its steps.
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
    /// Rings when the deadline comes: a handle of the loop.
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

/// Resumes a task that waits, when it is rung.
pub(super) struct Alarm {
    pub(super) event_loop: Py<PyAny>,
    /// What the task waits for. Belongs to the thread of the loop.
    pub(super) future: Py<PyAny>,
    /// The coroutine that the task is in.
    pub(super) stage: Weak<Mutex<Stage>>,
}

/// How often an alarm is rung when signals strike meanwhile.
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

    /// Rings. Returns an exception that the handler of a signal has raised in the meantime.
    pub(super) fn ring(&self, py: Python<'_>) -> Option<PyErr> {
        // References of our own: those of the alarm are its coroutine's to the collector, which
        // may free it at any time.
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
        // Not a signal, then: the loop does not work. One that does not even tell whether it is
        // closed is garbage, which the collector has begun to clear.
        self.give_up();
        if let (Some(false), Some(err)) = (is_closed, interrupt) {
            err.write_unraisable(py, Some(&event_loop));
        }
        None
    }

    /// Ends the coroutine, whose task cannot be resumed; what woke it goes to the next in line.
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
