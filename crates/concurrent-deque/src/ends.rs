//! The operations at the two ends, and waiting for items there.

use std::time::{Duration, Instant};

use ft_sync::deadline_after;

use crate::{ConcurrentDeque, ring::Ring};

impl<T> ConcurrentDeque<T> {
    /// Puts an item in at the back, and returns the one that it pushed out, if any.
    #[inline]
    pub fn push_back(&self, item: T) -> Option<T> {
        self.push(item, Ring::pop_front, Ring::push_back)
    }

    /// Puts an item in at the front, and returns the one that it pushed out, if any.
    #[inline]
    pub fn push_front(&self, item: T) -> Option<T> {
        self.push(item, Ring::pop_back, Ring::push_front)
    }

    #[inline]
    fn push(
        &self,
        item: T,
        make_room: impl FnOnce(&mut Ring<T>) -> Option<T>,
        push: impl FnOnce(&mut Ring<T>, T),
    ) -> Option<T> {
        if self.maxlen == 0 {
            return Some(item);
        }
        let mut ring = self.ring();
        let pushed_out = if ring.len() == self.maxlen {
            make_room(&mut ring)
        } else {
            None
        };
        push(&mut ring, item);
        drop(ring);
        self.not_empty.notify(1);
        pushed_out
    }

    /// Takes the item at the back.
    #[inline]
    pub fn pop_back(&self) -> Option<T> {
        self.ring().pop_back()
    }

    /// Takes the item at the front.
    #[inline]
    pub fn pop_front(&self) -> Option<T> {
        self.ring().pop_front()
    }

    /// Takes the item at the back, and waits for one until `deadline`. `None` waits for ever.
    pub fn pop_back_deadline(&self, deadline: Option<Instant>) -> Option<T> {
        self.not_empty.wait_until(deadline, || self.pop_back())
    }

    /// Takes the item at the front, and waits for one until `deadline`. `None` waits for ever.
    pub fn pop_front_deadline(&self, deadline: Option<Instant>) -> Option<T> {
        self.not_empty.wait_until(deadline, || self.pop_front())
    }

    /// Takes the item at the back, and waits for one for at most `timeout`.
    pub fn pop_back_timeout(&self, timeout: Duration) -> Option<T> {
        self.pop_back_deadline(deadline_after(timeout))
    }

    /// Takes the item at the front, and waits for one for at most `timeout`.
    pub fn pop_front_timeout(&self, timeout: Duration) -> Option<T> {
        self.pop_front_deadline(deadline_after(timeout))
    }

    /// Appends items as one block, and returns those that were pushed out, or found no room.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque = ConcurrentDeque::with_maxlen(3);
    /// assert_eq!(deque.extend_back(vec![1, 2]), []);
    /// assert_eq!(deque.extend_back(vec![3, 4]), [1]);
    /// assert_eq!(deque.to_vec(), [2, 3, 4]);
    /// ```
    pub fn extend_back(&self, items: Vec<T>) -> Vec<T> {
        self.extend(items, |ring, items, excess, out| {
            out.extend(ring.drain_front(excess));
            ring.extend_back(items);
        })
    }

    /// Puts items in at the front as one block, and returns the items that were pushed out or found
    /// no room. Each item is put in before the previous one, so they end up in reverse order.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque: ConcurrentDeque<_> = [0].into_iter().collect();
    /// deque.extend_front(vec![1, 2, 3]);
    /// assert_eq!(deque.to_vec(), [3, 2, 1, 0]);
    /// ```
    pub fn extend_front(&self, items: Vec<T>) -> Vec<T> {
        self.extend(items, |ring, items, excess, out| {
            out.extend(ring.drain_back(excess));
            ring.extend_front(items);
        })
    }

    /// Puts items in as one block. `put` takes the given number of items out at one end, and puts
    /// the new items in at the other.
    fn extend(
        &self,
        mut items: Vec<T>,
        put: impl FnOnce(&mut Ring<T>, std::vec::Drain<'_, T>, usize, &mut Vec<T>),
    ) -> Vec<T> {
        if items.is_empty() {
            return items;
        }
        // If they were put in one by one, only the last `maxlen` of them would stay.
        let too_many = items.len().saturating_sub(self.maxlen);
        let mut out: Vec<_> = items.drain(..too_many).collect();
        let count = items.len();
        // Memory is allocated and freed without the lock.
        if self.maxlen != usize::MAX {
            out.reserve(count);
        }
        let items_in = items.drain(..);
        let mut ring = self.ring();
        let excess = (ring.len() + count).saturating_sub(self.maxlen);
        put(&mut ring, items_in, excess, &mut out);
        drop(ring);
        self.not_empty.notify(count);
        out
    }
}
