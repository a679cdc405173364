//! Tasks that take the lock.

use crate::{AlreadyOwner, NotOwner, RawIntervalLock, Waiter};
use ft_sync::TaskToken;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Tasks take and release the lock as threads do, and wait in the same line. The caller says which
/// task it is.
///
/// ```
/// use ft_interval_lock::{NotOwner, RawIntervalLock};
/// use ft_sync::TaskToken;
///
/// async fn sum(lock: &RawIntervalLock, numbers: &[u64], task: TaskToken) -> u64 {
///     lock.lock_async(task).await.expect("this task does not have the lock yet");
///     let mut sum = 0;
///     for number in numbers {
///         sum += number;
///         lock.poll_async(task).await.expect("it has the lock");
///     }
///     // It is the task that has the lock, not this thread.
///     assert_eq!(lock.unlock(), Err(NotOwner));
///     lock.unlock_of(task).expect("it has the lock");
///     sum
/// }
/// ```
impl RawIntervalLock {
    /// Takes the lock for a task, if nobody has it. Returns whether it did.
    pub fn try_lock_for(&self, task: TaskToken) -> bool {
        self.try_lock_as(task.get())
    }

    /// Returns a future that takes the lock for a task.
    pub fn lock_async(&self, task: TaskToken) -> TaskWaiter<'_> {
        TaskWaiter {
            lock: self,
            task,
            waiter: self.waiter(None),
        }
    }

    /// Releases the lock for a task, and hands it to the thread or task that has waited longest.
    ///
    /// # Errors
    ///
    /// If the task does not have it. In that case nothing happens.
    pub fn unlock_of(&self, task: TaskToken) -> Result<(), NotOwner> {
        self.end_of(task)?;
        self.release();
        Ok(())
    }

    /// Lets all that wait have the lock, one after the other, and takes it again. Returns false if
    /// nobody waits. The interval begins anew in either case.
    ///
    /// If the future is dropped while it waits, the task no longer has the lock.
    ///
    /// # Errors
    ///
    /// As for [`unlock_of`](Self::unlock_of).
    pub async fn cede_async(&self, task: TaskToken) -> Result<bool, NotOwner> {
        let Some(back) = self.begin_cede_of(task)? else {
            return Ok(false);
        };
        back.await.expect("it has given up the lock");
        Ok(true)
    }

    /// Calls [`cede_async`](Self::cede_async) if the task has had the lock for longer than the
    /// interval and others wait. Otherwise returns false.
    ///
    /// Dropping the future does what dropping that of `cede_async` does.
    ///
    /// # Errors
    ///
    /// As for [`unlock_of`](Self::unlock_of).
    pub async fn poll_async(&self, task: TaskToken) -> Result<bool, NotOwner> {
        Ok(self.is_due_for(task)? && self.cede_async(task).await?)
    }

    /// Returns whether [`poll_async`](Self::poll_async) would hand the lock over.
    ///
    /// # Errors
    ///
    /// As for [`unlock_of`](Self::unlock_of).
    pub fn is_due_for(&self, task: TaskToken) -> Result<bool, NotOwner> {
        if !self.is_owner_task(task) {
            return Err(NotOwner);
        }
        Ok(self.has_line() && self.has_expired())
    }

    /// Hands the lock over and enters the line. If nobody waits, returns `None`, and the task keeps
    /// the lock.
    ///
    /// # Errors
    ///
    /// As for [`unlock_of`](Self::unlock_of).
    pub fn begin_cede_of(&self, task: TaskToken) -> Result<Option<TaskWaiter<'_>>, NotOwner> {
        self.end_of(task)?;
        let place = self.hand_round(task.get());
        Ok(place.map(|place| TaskWaiter {
            lock: self,
            task,
            waiter: self.waiter(Some(place)),
        }))
    }

    /// Returns whether a task has the lock.
    pub fn is_owner_task(&self, task: TaskToken) -> bool {
        self.is_owned_by(task.get())
    }
}

/// The future of [`lock_async`](RawIntervalLock::lock_async). It has a place in the line from the
/// first poll on.
///
/// When it is ready, the task has the lock, and must release it; or the future fails, because the
/// task would wait for itself. Dropping it before gives up the place: if the lock has been handed to
/// it meanwhile, the lock goes to the next waiter.
///
/// Its wakers are called, cloned and dropped outside of all locks.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct TaskWaiter<'a> {
    lock: &'a RawIntervalLock,
    task: TaskToken,
    waiter: Waiter<'a>,
}

impl Future for TaskWaiter<'_> {
    type Output = Result<(), AlreadyOwner>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.lock.is_owner_task(this.task) {
            return Poll::Ready(Err(AlreadyOwner));
        }
        ready!(this.waiter.poll(cx.waker(), this.task));
        Poll::Ready(Ok(()))
    }
}
