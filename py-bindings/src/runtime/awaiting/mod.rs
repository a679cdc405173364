//! The one place where a coroutine waits.
//!
//! A [`Coroutine`] is driven by a task of asyncio, in the thread of the task's event loop. It tries what it
//! is there for, and while it cannot do that its task waits for a future of the loop. It takes
//! nothing but in a step of its task; so a task that is cancelled, however late, has taken nothing.
//!
//! What it waits for wakes it through a waker, from any thread. Wakers are called inside the cores,
//! under their locks, where no Python code may run. So a waker notes down the alarm that is
//! to be rung, for its thread; whoever has called the core rings it after the core has returned, by
//! [`ring`]. Ringing makes the loop resume the task. If that cannot be, because the loop was closed, the
//! coroutine gives up, and what it was woken for goes to the next in line.

mod coroutine;
mod event_loop;
mod operation;
mod ringing;
mod stage;

pub(crate) use coroutine::Coroutine;
pub(crate) use event_loop::{current_task, is_in_event_loop};
pub(crate) use operation::{Operation, Outcome, Retry, Waiting};
pub(crate) use ringing::{hushed, ring, ringing};
