//! Operations that wait for an item or for room, of the queue and of the stack.

use crate::{
    ConcurrentQueue, ConcurrentStack, PopError, PopTimeoutError, PushError, PushTimeoutError,
    TryPopError, TryPushError,
};
use ft_sync::deadline_after;
use std::time::{Duration, Instant};

/// Returns what a pop that waits has got, or `None` if it has to wait.
pub(crate) fn popped<T>(pop: Result<T, TryPopError>) -> Option<Result<T, PopError>> {
    match pop {
        Ok(item) => Some(Ok(item)),
        Err(TryPopError::Closed) => Some(Err(PopError)),
        Err(TryPopError::Empty) => None,
    }
}

/// Pushes the item if there is one, and leaves it in place if the push has to wait.
pub(crate) fn pushed<T>(
    item: &mut Option<T>,
    push: impl FnOnce(T) -> Result<(), TryPushError<T>>,
) -> Option<Result<(), PushError<T>>> {
    match push(item.take()?) {
        Ok(()) => Some(Ok(())),
        Err(TryPushError::Closed(item)) => Some(Err(PushError(item))),
        Err(TryPushError::Full(back)) => {
            *item = Some(back);
            None
        }
    }
}

macro_rules! waiting {
    ($queue:ident, $what:literal, $item:literal, $place:literal) => {
        impl<T> $queue<T> {
            #[doc = concat!("Pops the ", $item, " item, and waits for one if necessary.")]
            ///
            /// # Errors
            ///
            #[doc = concat!("[`PopError`] if the ", $what, " is closed and empty, even if it was")]
            /// closed while this call waited.
            pub fn pop(&self) -> Result<T, PopError> {
                self.not_empty().wait_for(|| popped(self.try_pop()))
            }

            #[doc = concat!("Pops the ", $item, " item, and waits for one for at most `timeout`.")]
            /// A call that times out leaves no trace.
            ///
            /// If `timeout` is too large for the clock, the call waits for ever.
            ///
            /// # Errors
            ///
            /// [`PopTimeoutError`] if no item came in time, or none will ever come.
            pub fn pop_timeout(&self, timeout: Duration) -> Result<T, PopTimeoutError> {
                // This avoids reading the clock when there is no need to wait.
                match popped(self.try_pop()) {
                    Some(popped) => popped.map_err(|PopError| PopTimeoutError::Closed),
                    None => in_time(self.pop_wait(deadline_after(timeout))),
                }
            }

            #[doc = concat!("Pops the ", $item, " item, and waits for one until `deadline`. A call")]
            /// that times out leaves no trace.
            ///
            /// # Errors
            ///
            /// [`PopTimeoutError`] if no item came in time, or none will ever come.
            pub fn pop_deadline(&self, deadline: Instant) -> Result<T, PopTimeoutError> {
                in_time(self.pop_wait(Some(deadline)))
            }

            #[doc = concat!("Pops the ", $item, " item in a task, which waits for one if necessary.")]
            ///
            /// Threads and tasks wait in one line. A future that is dropped has taken no item.
            ///
            /// # Errors
            ///
            /// As for [`pop`](Self::pop).
            pub async fn pop_async(&self) -> Result<T, PopError> {
                (self.not_empty())
                    .wait_until_async(|| popped(self.try_pop()))
                    .await
            }

            fn pop_wait(&self, deadline: Option<Instant>) -> Option<Result<T, PopError>> {
                (self.not_empty()).wait_until(deadline, || popped(self.try_pop()))
            }

            #[doc = concat!("Pushes `item` ", $place, ", and waits while the ", $what, " is full.")]
            ///
            /// # Errors
            ///
            #[doc = concat!("[`PushError`], with the item, if the ", $what, " was closed, even while")]
            /// this call waited.
            pub fn push(&self, item: T) -> Result<(), PushError<T>> {
                let mut left = Some(item);
                let attempt = || pushed(&mut left, |item| self.try_push(item));
                self.not_full().wait_for(attempt)
            }

            #[doc = concat!("Pushes `item` ", $place, ", and waits for at most `timeout` while the")]
            #[doc = concat!($what, " is full.")]
            ///
            /// If `timeout` is too large for the clock, the call waits for ever.
            ///
            /// # Errors
            ///
            /// [`PushTimeoutError`], with the item, if there was no room in time or the
            #[doc = concat!($what, " was closed.")]
            pub fn push_timeout(
                &self,
                item: T,
                timeout: Duration,
            ) -> Result<(), PushTimeoutError<T>> {
                self.push_wait(item, deadline_after(timeout))
            }

            #[doc = concat!("Pushes `item` ", $place, ", and waits until `deadline` while the ", $what)]
            /// is full.
            ///
            /// # Errors
            ///
            /// [`PushTimeoutError`], with the item, if there was no room in time or the
            #[doc = concat!($what, " was closed.")]
            pub fn push_deadline(
                &self,
                item: T,
                deadline: Instant,
            ) -> Result<(), PushTimeoutError<T>> {
                self.push_wait(item, Some(deadline))
            }

            #[doc = concat!("Pushes `item` ", $place, " in a task, which waits while the ", $what)]
            /// is full.
            ///
            /// Threads and tasks wait in one line. A future that is dropped early has pushed nothing,
            /// and drops the item; [`pushing`](Self::pushing) leaves it where it was.
            ///
            /// # Errors
            ///
            /// As for [`push`](Self::push).
            pub async fn push_async(&self, item: T) -> Result<(), PushError<T>> {
                let mut left = Some(item);
                (self.not_full())
                    .wait_until_async(|| pushed(&mut left, |item| self.try_push(item)))
                    .await
            }

            fn push_wait(
                &self,
                item: T,
                deadline: Option<Instant>,
            ) -> Result<(), PushTimeoutError<T>> {
                let mut left = Some(item);
                let attempt = || pushed(&mut left, |item| self.try_push(item));
                match self.not_full().wait_until(deadline, attempt) {
                    Some(Ok(())) => Ok(()),
                    Some(Err(PushError(item))) => Err(PushTimeoutError::Closed(item)),
                    None => {
                        let item = left.expect("a push that timed out still has its item");
                        Err(PushTimeoutError::Timeout(item))
                    }
                }
            }
        }
    };
}

fn in_time<T>(popped: Option<Result<T, PopError>>) -> Result<T, PopTimeoutError> {
    match popped {
        Some(popped) => popped.map_err(|PopError| PopTimeoutError::Closed),
        None => Err(PopTimeoutError::Timeout),
    }
}

waiting!(ConcurrentQueue, "queue", "first", "at the back");
waiting!(ConcurrentStack, "stack", "last", "on top");
