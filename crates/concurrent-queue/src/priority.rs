//! The queue whose least item leaves first.

use std::{convert::Infallible, fmt, num::NonZeroUsize, sync::PoisonError};

use ft_sync::{
    Event, Mutex, MutexGuard,
    thread::{self, ThreadId},
};

use crate::{
    error::{PriorityPopError, PriorityPushError},
    heap,
};

/// How the items of a [`PriorityQueue`] are compared.
pub trait Order<T> {
    /// What a comparison can fail with.
    type Error;

    /// Tells whether `a` is less than `b`, if that can be told at once; called under the lock.
    ///
    /// It must not use the queue. If it returns `None`, [`is_less`](Self::is_less) is asked.
    fn quick(&self, a: &T, b: &T) -> Option<bool>;

    /// Tells whether `a` is less than `b`, taking its time; called with no lock held.
    ///
    /// It may do anything, use the queue included.
    ///
    /// # Errors
    ///
    /// That of the operation that compares, which does nothing then.
    fn is_less(&self, a: &T, b: &T) -> Result<bool, Self::Error>;
}

/// The order of [`Ord`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Natural;

impl<T: Ord> Order<T> for Natural {
    type Error = Infallible;

    fn quick(&self, a: &T, b: &T) -> Option<bool> {
        Some(a < b)
    }

    fn is_less(&self, a: &T, b: &T) -> Result<bool, Infallible> {
        Ok(a < b)
    }
}

/// A queue whose least item leaves first, for many producers and many consumers, with an optional
/// exact bound.
///
/// Equal items leave in no particular order. There are events to wait on; see
/// [`ConcurrentQueue::not_empty`](crate::ConcurrentQueue::not_empty) for how.
///
/// ```
/// use ft_concurrent_queue::{Natural, PriorityQueue};
///
/// let queue = PriorityQueue::unbounded();
/// for n in [3, 1, 2] {
///     queue.try_push(n, &Natural).unwrap();
/// }
/// let sorted: Vec<_> = std::iter::from_fn(|| queue.try_pop(&Natural).ok()).collect();
/// assert_eq!(sorted, [1, 2, 3]);
/// ```
///
/// # Comparisons that run foreign code
///
/// The queue is a binary heap behind a lock. An operation first makes all its comparisons, and then
/// moves items; so a comparison that fails leaves the heap as it was. If [`Order::quick`] has all
/// the answers, all of that is done under the lock at once. If not, the operation leaves the lock,
/// clones the two items for each comparison (so `T` is something like an `Arc`), and comes back to
/// see that the heap is still the one that it has looked at; otherwise it starts again. So no
/// comparison can block the queue or break it, whatever it does: it may use the queue itself.
///
/// Threads that compare like that would only spoil each other's work, and take turns: operations
/// of other threads that would change the heap return [`Busy`](PriorityPushError::Busy) meanwhile. They
/// wait on [`turn_over`](Self::turn_over) for [`try_turn`](Self::try_turn), and try again with the
/// turn held. Closing the queue, and looking at its size, never wait.
pub struct PriorityQueue<T> {
    state: Mutex<State<T>>,
    /// The most items there may be; `None`: no limit.
    capacity: Option<NonZeroUsize>,
    /// Signaled once per item pushed, and to all by closing.
    not_empty: Event,
    /// Signaled once per item popped if there is a bound, and to all by closing.
    not_full: Event,
    /// Signaled once whenever a turn ends.
    turn_over: Event,
}

struct State<T> {
    /// A heap.
    items: Vec<T>,
    /// Nothing is pushed any more.
    closed: bool,
    /// Counts the changes of `items`.
    version: u64,
    /// The thread that compares without the lock, for as long as it does.
    turn: Option<ThreadId>,
}

impl<T> State<T> {
    /// Whether another thread than this one has the turn.
    fn is_busy(&self) -> bool {
        self.turn
            .is_some_and(|owner| owner != thread::current().id())
    }
}

/// The turn to compare with no lock held; dropping it ends it.
#[must_use = "dropping it ends the turn"]
pub struct Turn<'a, T> {
    queue: &'a PriorityQueue<T>,
    /// Whether this was not the thread's turn already.
    outermost: bool,
}

/// Why a plan came to nothing.
enum Stop<E> {
    /// The heap is not what it was when the plan was begun.
    Changed,
    /// A comparison failed.
    Order(E),
}

impl<T> PriorityQueue<T> {
    /// Creates a queue that takes any number of items.
    pub fn unbounded() -> Self {
        Self::with_capacity(None)
    }

    /// Creates a queue that never holds more than `capacity` items.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Self {
        let capacity = NonZeroUsize::new(capacity).expect("capacity must be positive");
        Self::with_capacity(Some(capacity))
    }

    fn with_capacity(capacity: Option<NonZeroUsize>) -> Self {
        let state = State {
            items: Vec::new(),
            closed: false,
            version: 0,
            turn: None,
        };
        Self {
            state: Mutex::new(state),
            capacity,
            not_empty: Event::new(),
            not_full: Event::new(),
            turn_over: Event::new(),
        }
    }

    /// Pushes `item`, unless the queue is full or closed.
    ///
    /// # Errors
    ///
    /// [`PriorityPushError`], with the item.
    pub fn try_push<O: Order<T>>(
        &self,
        item: T,
        order: &O,
    ) -> Result<(), PriorityPushError<T, O::Error>>
    where
        T: Clone,
    {
        self.try_push_with(item, order, || ())
    }

    /// As [`try_push`](Self::try_push), and calls `certain` once it is certain that the item is
    /// pushed, before anybody can see it.
    ///
    /// That is under the lock: `certain` must be short, and not use the queue.
    ///
    /// # Errors
    ///
    /// [`PriorityPushError`], with the item.
    pub fn try_push_with<O: Order<T>>(
        &self,
        item: T,
        order: &O,
        certain: impl FnOnce(),
    ) -> Result<(), PriorityPushError<T, O::Error>>
    where
        T: Clone,
    {
        let mut turn = None;
        let (mut state, place) = loop {
            let mut state = self.lock();
            if state.closed {
                return Err(PriorityPushError::Closed(item));
            }
            if Some(state.items.len()) == self.capacity() {
                return Err(PriorityPushError::Full(item));
            }
            if state.is_busy() {
                return Err(PriorityPushError::Busy(item));
            }
            let (len, version) = (state.items.len(), state.version);
            let quick = |above: usize| order.quick(&item, &state.items[above]).ok_or(());
            if let Ok(place) = heap::place_up(len, quick) {
                break (state, place);
            }
            turn.get_or_insert_with(|| self.take_turn(&mut state));
            drop(state);

            let slow = |above: usize| {
                let above = self.look(version, |items| items[above].clone())?;
                compare(&item, &above, order)
            };
            match heap::place_up(len, slow) {
                Ok(place) => {
                    let state = self.lock();
                    if state.version == version && !state.closed {
                        break (state, place);
                    }
                }
                Err(Stop::Changed) => {}
                Err(Stop::Order(error)) => return Err(PriorityPushError::Order { item, error }),
            }
        };
        certain();
        heap::insert(&mut state.items, item, place);
        state.version += 1;
        drop(state);
        self.not_empty.notify(1);
        Ok(())
    }

    /// Pops the least item, if there is one.
    ///
    /// # Errors
    ///
    /// [`PriorityPopError`].
    pub fn try_pop<O: Order<T>>(&self, order: &O) -> Result<T, PriorityPopError<O::Error>>
    where
        T: Clone,
    {
        let mut turn = None;
        let (mut state, place) = loop {
            let mut state = self.lock();
            let (len, version) = (state.items.len(), state.version);
            if len == 0 {
                return Err(match state.closed {
                    true => PriorityPopError::Closed,
                    false => PriorityPopError::Empty,
                });
            }
            if state.is_busy() {
                return Err(PriorityPopError::Busy);
            }
            if len == 1 {
                break (state, 0);
            }
            let items = &state.items;
            let quick = |n: usize, m: usize| order.quick(&items[n], &items[m]).ok_or(());
            if let Ok(place) = heap::place_down(len, quick) {
                break (state, place);
            }
            turn.get_or_insert_with(|| self.take_turn(&mut state));
            drop(state);

            let slow = |n: usize, m: usize| {
                let (a, b) = self.look(version, |items| (items[n].clone(), items[m].clone()))?;
                compare(&a, &b, order)
            };
            match heap::place_down(len, slow) {
                Ok(place) => {
                    let state = self.lock();
                    if state.version == version {
                        break (state, place);
                    }
                }
                Err(Stop::Changed) => {}
                Err(Stop::Order(error)) => return Err(PriorityPopError::Order(error)),
            }
        };
        let popped = heap::remove_first(&mut state.items, place);
        state.version += 1;
        drop(state);
        self.freed(1);
        popped.ok_or(PriorityPopError::Empty)
    }

    /// Takes out all items in one step, in no particular order; `None`, and nothing is taken, if
    /// there are more than `most`.
    ///
    /// It compares nothing, so it also has the items that cannot be compared, and does not wait for
    /// a thread that compares: the operation of that thread starts again. The limit is for callers
    /// that make room for the items beforehand.
    ///
    /// ```
    /// use ft_concurrent_queue::{Natural, PriorityQueue};
    ///
    /// let queue = PriorityQueue::unbounded();
    /// queue.try_push(2, &Natural).unwrap();
    /// queue.try_push(1, &Natural).unwrap();
    /// assert_eq!(queue.try_drain(1), None);
    /// assert_eq!(queue.try_drain(usize::MAX).unwrap().len(), 2);
    /// assert!(queue.is_empty());
    /// ```
    pub fn try_drain(&self, most: usize) -> Option<Vec<T>> {
        let mut state = self.lock();
        if state.items.len() > most {
            return None;
        }
        state.version += 1;
        let items = std::mem::take(&mut state.items);
        drop(state);
        self.freed(items.len());
        Some(items)
    }

    /// Returns a clone of the least item, or `None` if there is none. The clone is made under the
    /// lock.
    ///
    /// # Deadlocks
    ///
    /// A `clone` that uses the queue waits for itself.
    pub fn peek(&self) -> Option<T>
    where
        T: Clone,
    {
        self.lock().items.first().cloned()
    }

    /// Takes the turn, unless another thread has it.
    ///
    /// Operations of the thread that has it are never [`Busy`](PriorityPushError::Busy). Operations
    /// take it themselves when they need it; this is for waiting.
    ///
    /// ```
    /// use ft_concurrent_queue::{Natural, PriorityPushError, PriorityQueue};
    ///
    /// fn push(queue: &PriorityQueue<u8>, item: u8) -> Result<(), PriorityPushError<u8>> {
    ///     match queue.try_push(item, &Natural) {
    ///         Err(PriorityPushError::Busy(item)) => {
    ///             let _turn = queue.turn_over().wait_until(None, || queue.try_turn());
    ///             queue.try_push(item, &Natural)
    ///         }
    ///         done => done,
    ///     }
    /// }
    ///
    /// let queue = PriorityQueue::unbounded();
    /// push(&queue, 7).unwrap();
    /// assert_eq!(queue.peek(), Some(7));
    /// ```
    pub fn try_turn(&self) -> Option<Turn<'_, T>> {
        let mut state = self.lock();
        (!state.is_busy()).then(|| self.take_turn(&mut state))
    }

    /// The event that is notified when a turn ends.
    pub fn turn_over(&self) -> &Event {
        &self.turn_over
    }

    fn take_turn(&self, state: &mut State<T>) -> Turn<'_, T> {
        let outermost = state.turn.is_none();
        if outermost {
            state.turn = Some(thread::current().id());
        }
        Turn {
            queue: self,
            outermost,
        }
    }

    /// Looks at the heap, if it is still the same.
    fn look<R, E>(&self, version: u64, look: impl FnOnce(&[T]) -> R) -> Result<R, Stop<E>> {
        let state = self.lock();
        match state.version == version {
            true => Ok(look(&state.items)),
            false => Err(Stop::Changed),
        }
    }

    /// Returns the number of items.
    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Returns whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether there are as many items as the bound allows.
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// Returns the bound, or `None` if there is none.
    pub fn capacity(&self) -> Option<usize> {
        self.capacity.map(NonZeroUsize::get)
    }

    /// Returns whether the queue was closed. Items may be left in it.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Closes the queue: no push succeeds any more, not even one that is comparing, and pops find
    /// what is left and then an error. Wakes all that wait.
    pub fn close(&self) {
        self.lock().closed = true;
        self.wake_all();
    }

    /// Closes the queue and takes out what is left, in no particular order, in one step.
    pub fn close_and_drain(&self) -> Vec<T> {
        let mut state = self.lock();
        state.closed = true;
        state.version += 1;
        let left = std::mem::take(&mut state.items);
        drop(state);
        self.wake_all();
        left
    }

    /// Calls `visit` with every item, in no particular order, until it returns an error. That is
    /// under the lock: `visit` must not use the queue.
    ///
    /// # Errors
    ///
    /// What `visit` returns.
    pub fn try_for_each<E>(&self, visit: impl FnMut(&T) -> Result<(), E>) -> Result<(), E> {
        self.lock().items.iter().try_for_each(visit)
    }

    /// The event that is notified of each item pushed, and of closing.
    pub fn not_empty(&self) -> &Event {
        &self.not_empty
    }

    /// The event that is notified of each place that becomes free, and of closing.
    pub fn not_full(&self) -> &Event {
        &self.not_full
    }

    fn freed(&self, places: usize) {
        if self.capacity.is_some() {
            self.not_full.notify(places);
        }
    }

    fn wake_all(&self) {
        self.not_empty.notify_all();
        self.not_full.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // A panic in a clone, a quick comparison or a visit has left everything as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn compare<T, O: Order<T>>(a: &T, b: &T, order: &O) -> Result<bool, Stop<O::Error>> {
    match order.quick(a, b) {
        Some(is_less) => Ok(is_less),
        None => order.is_less(a, b).map_err(Stop::Order),
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        if self.outermost {
            self.queue.lock().turn = None;
            self.queue.turn_over.notify(1);
        }
    }
}

impl<T> Default for PriorityQueue<T> {
    /// Creates an unbounded queue.
    fn default() -> Self {
        Self::unbounded()
    }
}

impl<T> fmt::Debug for PriorityQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PriorityQueue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Turn<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn(..)")
    }
}
