//! The one place where a coroutine waits.
//!
//! A [`Coroutine`] is driven by an asyncio task, in the thread of the task's event loop. In each
//! step it tries its operation. While the operation is not possible, the task waits for a future of
//! the loop. The operation takes effect only inside a step of the task; so a task that is
//! cancelled, however late, has taken nothing.
//!
//! The primitive that the operation waits for wakes the coroutine through a waker, from any thread.
//! The cores call wakers under their locks, where no Python code may run. So a waker only adds the
//! coroutine's alarm to a list of the current thread. The code that has called the core rings the
//! alarms in this list after the core has returned, by [`ring`]. Ringing an alarm makes the loop
//! resume the task. If that is impossible because the loop was closed, the coroutine gives up, and
//! the wake-up goes to the next waiter in line.

mod awaited;
mod coroutine;
mod event_loop;
mod operation;
mod ringing;
mod stage;

pub(crate) use awaited::{Awaited, Nap};
pub(crate) use coroutine::Coroutine;
pub(crate) use event_loop::{current_task, is_in_event_loop};
pub(crate) use operation::{Operation, Outcome, Retry, Waiting};
pub(crate) use ringing::{hushed, ring, ringing};
