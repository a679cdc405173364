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
    /// The error of a comparison.
    type Error;

    /// Returns whether `a` is less than `b`, if that can be decided immediately, or else `None`. It
    /// is called under the lock.
    ///
    /// It must not use the queue. After `None`, [`is_less`](Self::is_less) is called.
    fn quick(&self, a: &T, b: &T) -> Option<bool>;

    /// Returns whether `a` is less than `b`. It is called with no lock held, and may take long.
    ///
    /// It may do anything, including use of the queue.
    ///
    /// # Errors
    ///
    /// The operation that compares returns the error, and changes nothing.
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
/// Equal items leave in no particular order. There are events to wait on;
/// [`ConcurrentQueue::not_empty`](crate::ConcurrentQueue::not_empty) shows how.
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
/// moves items, so a comparison that fails leaves the heap as it was. If [`Order::quick`] has all
/// the answers, the whole operation runs under the lock at once. Otherwise the operation releases
/// the lock, clones the two items for each comparison (so `T` should be something like an `Arc`),
/// and takes the lock again. If the heap has changed meanwhile, the operation starts again. So no
/// comparison can block or break the queue, whatever it does; it may even use the queue itself.
///
/// Threads that compare without the lock would only undo each other's work, so they take turns.
/// During a turn, operations of other threads that would change the heap return
/// [`Busy`](PriorityPushError::Busy). Those threads wait on [`turn_over`](Self::turn_over) until
/// [`try_turn`](Self::try_turn) succeeds, and repeat the operation while they have the turn.
/// Closing the queue and looking at its size never wait.
pub struct PriorityQueue<T> {
    state: Mutex<State<T>>,
    /// The largest number of items. `None` means no limit.
    capacity: Option<NonZeroUsize>,
    /// Notified once per pushed item. Closing notifies all listeners.
    not_empty: Event,
    /// Notified once per popped item if there is a bound. Closing notifies all listeners.
    not_full: Event,
    /// Notified once whenever a turn ends.
    turn_over: Event,
}

struct State<T> {
    /// The items, as a heap.
    items: Vec<T>,
    /// Whether pushes are refused.
    closed: bool,
    /// The number of changes of `items`.
    version: u64,
    /// The thread that is comparing without the lock.
    turn: Option<ThreadId>,
}

impl<T> State<T> {
    /// Returns whether another thread has the turn.
    fn is_busy(&self) -> bool {
        self.turn
            .is_some_and(|owner| owner != thread::current().id())
    }
}

/// The turn to compare with no lock held. Dropping it ends the turn.
#[must_use = "dropping it ends the turn"]
pub struct Turn<'a, T> {
    queue: &'a PriorityQueue<T>,
    /// Whether the thread did not have the turn already.
    outermost: bool,
}

/// The reason why an operation could not find a place.
enum Stop<E> {
    /// The heap has changed since the operation looked at it.
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

    /// Like [`try_push`](Self::try_push), but calls `certain` once the push is certain to succeed,
    /// and before another thread can see the item.
    ///
    /// `certain` runs under the lock: it must be short, and must not use the queue.
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

    /// Takes out all items in one step, in no particular order. Returns `None`, and takes nothing,
    /// if there are more than `most` items.
    ///
    /// It compares nothing, so it also returns items that cannot be compared. It does not wait for
    /// a thread that compares: that thread's operation starts again. The limit is for callers that
    /// allocate room for the items beforehand.
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

    /// Returns a clone of the least item, or `None` if the queue is empty. The item is cloned under
    /// the lock.
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
    /// Operations of the thread that has the turn never return [`Busy`](PriorityPushError::Busy).
    /// Operations take the turn themselves when they need it; this method is for waiting.
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

    /// Returns the event that is notified when a turn ends.
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

    /// Calls `look` with the heap, if it has not changed since `version`.
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

    /// Returns whether the queue is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether the queue has as many items as the bound allows.
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// Returns the bound, or `None` if there is none.
    pub fn capacity(&self) -> Option<usize> {
        self.capacity.map(NonZeroUsize::get)
    }

    /// Returns whether the queue was closed. It may still contain items.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Closes the queue. After that no push succeeds, not even one that is comparing, and pops
    /// return the remaining items and then an error. All waiting threads are woken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.wake_all();
    }

    /// Closes the queue and returns the remaining items, in no particular order, in one step.
    pub fn close_and_drain(&self) -> Vec<T> {
        let mut state = self.lock();
        state.closed = true;
        state.version += 1;
        let left = std::mem::take(&mut state.items);
        drop(state);
        self.wake_all();
        left
    }

    /// Calls `visit` with every item, in no particular order, until it returns an error. `visit`
    /// runs under the lock and must not use the queue.
    ///
    /// # Errors
    ///
    /// The error of `visit`.
    pub fn try_for_each<E>(&self, visit: impl FnMut(&T) -> Result<(), E>) -> Result<(), E> {
        self.lock().items.iter().try_for_each(visit)
    }

    /// Returns the event that is notified of each pushed item, and of closing.
    pub fn not_empty(&self) -> &Event {
        &self.not_empty
    }

    /// Returns the event that is notified of each place that becomes free, and of closing.
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
        // A clone, a quick comparison or a visit that panicked has left everything as it was.
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
