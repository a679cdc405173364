//! Tasks that take a lock which knows its holders.

use crate::{
    NotHeld, OwnedRwLock, WouldDeadlock,
    raw::{Kind, RawWaiter},
};
use ft_sync::{TaskToken, atomic::Ordering::Relaxed};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Tasks take and release the lock as threads do, and wait in the same line. The caller says which
/// task it is.
///
/// ```
/// use ft_rwlock::{NotHeld, OwnedRwLock};
/// use ft_sync::TaskToken;
///
/// async fn serve(lock: &OwnedRwLock, task: TaskToken) {
///     lock.write_async(task).await.expect("this task does not have the lock yet");
///     lock.unlock_write_of(task).expect("it has the lock now");
///     // Neither this thread has the lock, nor another task.
///     assert_eq!(lock.unlock_write(), Err(NotHeld::Write));
/// }
/// ```
impl OwnedRwLock {
    /// Takes the lock for reading, for a task, if that is possible without waiting. Returns whether
    /// it did.
    pub fn try_read_for(&self, task: TaskToken) -> bool {
        let taken = self.raw.try_read() || self.try_read_again_for(task);
        if taken {
            self.tasks.add(task);
        }
        taken
    }

    fn try_read_again_for(&self, task: TaskToken) -> bool {
        self.tasks.contains(task) && self.raw.try_read_recursive()
    }

    /// Takes the lock for writing, for a task, if that is possible without waiting. Returns whether
    /// it did.
    pub fn try_write_for(&self, task: TaskToken) -> bool {
        let taken = self.raw.try_write();
        if taken {
            self.note_writing_task(task);
        }
        taken
    }

    /// Returns a future that takes the lock for reading, for a task.
    ///
    /// A task that reads may read again, even while writers wait.
    pub fn read_async(&self, task: TaskToken) -> TaskWaiter<'_> {
        self.acquire(Kind::Read, task)
    }

    /// Returns a future that takes the lock for writing, for a task.
    pub fn write_async(&self, task: TaskToken) -> TaskWaiter<'_> {
        self.acquire(Kind::Write, task)
    }

    fn acquire(&self, kind: Kind, task: TaskToken) -> TaskWaiter<'_> {
        TaskWaiter {
            lock: self,
            kind,
            task,
            raw: self.raw.waiter(kind),
        }
    }

    /// Releases one reading of a task.
    ///
    /// # Errors
    ///
    /// If the task has none. In that case nothing happens.
    pub fn unlock_read_of(&self, task: TaskToken) -> Result<(), NotHeld> {
        if !self.tasks.remove(task) {
            return Err(NotHeld::Read);
        }
        // SAFETY: the reading has just been removed from those that the task has.
        unsafe { self.raw.unlock_read() };
        Ok(())
    }

    /// Releases the writing of a task.
    ///
    /// # Errors
    ///
    /// If the task has none. In that case nothing happens.
    pub fn unlock_write_of(&self, task: TaskToken) -> Result<(), NotHeld> {
        self.forget_writing_task(task)?;
        // SAFETY: the task was the writer, and no longer counts as such.
        unsafe { self.raw.unlock_write() };
        Ok(())
    }

    /// Turns the writing of a task into a reading. No other writer gets in between.
    ///
    /// # Errors
    ///
    /// If the task has none. In that case nothing happens.
    pub fn downgrade_of(&self, task: TaskToken) -> Result<(), NotHeld> {
        self.forget_writing_task(task)?;
        self.tasks.add(task);
        // SAFETY: as in `unlock_write_of`.
        unsafe { self.raw.downgrade() };
        Ok(())
    }

    /// Returns whether a task has the lock for reading.
    pub fn is_reading(&self, task: TaskToken) -> bool {
        self.tasks.contains(task)
    }

    /// Returns whether a task has the lock for writing.
    pub fn is_writing(&self, task: TaskToken) -> bool {
        // Relaxed: see the field.
        self.writer.load(Relaxed) == task.get()
    }

    /// Returns whether any task has the lock, so that a thread that runs tasks has to ask which of
    /// them it runs. A task that has the lock is told the truth.
    #[inline]
    pub fn has_tasks(&self) -> bool {
        // Relaxed: see the field.
        !self.tasks.is_empty() || TaskToken::is_of_task(self.writer.load(Relaxed))
    }

    fn note_writing_task(&self, task: TaskToken) {
        // Relaxed: see the field.
        self.writer.store(task.get(), Relaxed);
    }

    fn forget_writing_task(&self, task: TaskToken) -> Result<(), NotHeld> {
        // Relaxed, twice: see the field. It is one step, because nothing keeps callers from posing as
        // the same task in two threads.
        let forgotten = (self.writer).compare_exchange(task.get(), 0, Relaxed, Relaxed);
        forgotten.map(drop).map_err(|_| NotHeld::Write)
    }
}

/// The future of [`read_async`](OwnedRwLock::read_async) and
/// [`write_async`](OwnedRwLock::write_async). It has a place in the line from the first poll on.
///
/// When it is ready, the task has the lock, and must release it; or the future fails, because the
/// task would wait for itself. Dropping it before gives up the place: if the lock has been handed to
/// it meanwhile, the lock goes to the next waiter.
///
/// Its wakers are called, cloned and dropped outside of all locks.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct TaskWaiter<'a> {
    lock: &'a OwnedRwLock,
    kind: Kind,
    task: TaskToken,
    raw: RawWaiter<'a>,
}

impl TaskWaiter<'_> {
    /// Returns why the task would wait for itself, if it would.
    fn check(&self) -> Result<(), WouldDeadlock> {
        if self.lock.is_writing(self.task) {
            return Err(WouldDeadlock::HasWrite);
        }
        if self.kind == Kind::Write && self.lock.is_reading(self.task) {
            return Err(WouldDeadlock::HasRead);
        }
        Ok(())
    }
}

impl Future for TaskWaiter<'_> {
    type Output = Result<(), WouldDeadlock>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let (lock, task) = (this.lock, this.task);
        if this.kind == Kind::Read && lock.try_read_again_for(task) {
            // Gives up the place, if there is one.
            this.raw = lock.raw.waiter(this.kind);
        } else {
            this.check()?;
            ready!(this.raw.poll(cx.waker()));
        }
        match this.kind {
            Kind::Read => lock.tasks.add(task),
            Kind::Write => lock.note_writing_task(task),
        }
        Poll::Ready(Ok(()))
    }
}
