//! `StdConcurrentLifoQueue` and `StdConcurrentPriorityQueue`.

use crate::{
    queues::{
        channel::{self, Channel},
        concurrent::{in_wrapper, with_rest},
        less_than::LessThan,
    },
    runtime::{
        awaiting::{Coroutine, hushed, ringing},
        blocking::{self, Timeout},
        create::{New, Room, exception},
        error::{not_copyable, raised},
        failure::{Cause, Ending},
        imports::Imports,
        nesting::Nested,
        object::{Object, objects},
        truth::Truth,
    },
};
use ft_concurrent_queue::{
    ConcurrentStack, PriorityPopError, PriorityPushError, PriorityQueue, TaskTracker, TryPopError,
    TryPushError,
};
use ft_sync::Event;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::{PyDict, PyList, PyTuple, PyType},
};
use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
};

/// What the queues that are not first-in first-out have in common.
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    generic,
    module = "ft_utils._native",
    name = "StdOrderedQueue"
)]
pub(crate) struct PyOrderedQueue {
    /// Set by `__init__`, so that subclasses are free in what they take.
    inner: Nested<OnceLock<Arc<Inner>>>,
    /// The object whose items these are, if it is another one. It alone shows them to the
    /// collector.
    owner: Option<Py<Self>>,
    /// True; false in memory that is still to become one of these. Python 3.11 and 3.12 show the
    /// collector such memory, all zeros, when they make the dict of the instance.
    is_made: bool,
}

struct Inner {
    items: Items,
    tasks: TaskTracker,
    /// Why the items are closed, once they are.
    ending: Ending,
}

enum Items {
    Lifo(ConcurrentStack<Object>),
    Priority(PriorityQueue<Object>),
}

impl Items {
    fn lifo(maxsize: Option<usize>) -> Self {
        Self::Lifo(maxsize.map_or_else(ConcurrentStack::unbounded, ConcurrentStack::bounded))
    }

    fn priority(maxsize: Option<usize>) -> Self {
        Self::Priority(maxsize.map_or_else(PriorityQueue::unbounded, PriorityQueue::bounded))
    }

    fn capacity(&self) -> Option<usize> {
        match self {
            Self::Lifo(stack) => stack.capacity(),
            Self::Priority(queue) => queue.capacity(),
        }
    }

    fn peek(&self) -> Option<Object> {
        match self {
            Self::Lifo(stack) => stack.peek(),
            Self::Priority(queue) => queue.peek(),
        }
    }

    fn close(&self) {
        match self {
            Self::Lifo(stack) => stack.close(),
            Self::Priority(queue) => queue.close(),
        }
    }

    fn try_drain(&self, most: usize) -> Option<Vec<Object>> {
        match self {
            Self::Lifo(stack) => stack.try_drain(most),
            Self::Priority(queue) => queue.try_drain(most),
        }
    }

    fn close_and_drain(&self) -> Vec<Object> {
        match self {
            Self::Lifo(stack) => stack.close_and_drain(),
            Self::Priority(queue) => queue.close_and_drain(),
        }
    }
}

/// Makes an attempt, which returns `None` while another thread is comparing items; if so, waits for
/// the turn and makes another.
fn in_turn<T>(
    py: Python<'_>,
    queue: &PriorityQueue<Object>,
    mut attempt: impl FnMut() -> Option<T>,
) -> PyResult<T> {
    if let Some(done) = attempt() {
        return Ok(done);
    }
    loop {
        let _turn = blocking::wait(py, None, queue.turn_over(), || queue.try_turn())?;
        if let Some(done) = attempt() {
            return Ok(done);
        }
    }
}

impl Channel for Inner {
    fn try_put(&self, py: Python<'_>, item: Object) -> PyResult<Result<(), TryPushError<Object>>> {
        let certain = || self.tasks.add();
        let queue = match &self.items {
            Items::Lifo(stack) => return Ok(stack.try_push_with(item, certain)),
            Items::Priority(queue) => queue,
        };
        let mut item = Some(item);
        in_turn(py, queue, || {
            let done = match queue.try_push_with(item.take()?, &LessThan(py), certain) {
                Ok(()) => Ok(Ok(())),
                Err(PriorityPushError::Full(item)) => Ok(Err(TryPushError::Full(item))),
                Err(PriorityPushError::Closed(item)) => Ok(Err(TryPushError::Closed(item))),
                Err(PriorityPushError::Order { error, .. }) => Err(error),
                Err(PriorityPushError::Busy(back)) => {
                    item = Some(back);
                    return None;
                }
            };
            Some(done)
        })?
    }

    fn try_get(&self, py: Python<'_>) -> PyResult<Result<Object, TryPopError>> {
        let queue = match &self.items {
            Items::Lifo(stack) => return Ok(stack.try_pop()),
            Items::Priority(queue) => queue,
        };
        in_turn(py, queue, || match queue.try_pop(&LessThan(py)) {
            Ok(item) => Some(Ok(Ok(item))),
            Err(PriorityPopError::Empty) => Some(Ok(Err(TryPopError::Empty))),
            Err(PriorityPopError::Closed) => Some(Ok(Err(TryPopError::Closed))),
            Err(PriorityPopError::Order(err)) => Some(Err(err)),
            Err(PriorityPopError::Busy) => None,
        })?
    }

    fn len(&self) -> usize {
        match &self.items {
            Items::Lifo(stack) => stack.len(),
            Items::Priority(queue) => queue.len(),
        }
    }

    fn is_bounded(&self) -> bool {
        self.items.capacity().is_some()
    }

    fn is_closed(&self) -> bool {
        match &self.items {
            Items::Lifo(stack) => stack.is_closed(),
            Items::Priority(queue) => queue.is_closed(),
        }
    }

    fn not_empty(&self) -> &Event {
        match &self.items {
            Items::Lifo(stack) => stack.not_empty(),
            Items::Priority(queue) => queue.not_empty(),
        }
    }

    fn not_full(&self) -> &Event {
        match &self.items {
            Items::Lifo(stack) => stack.not_full(),
            Items::Priority(queue) => queue.not_full(),
        }
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }

    fn tasks(&self) -> PyResult<&TaskTracker> {
        Ok(&self.tasks)
    }
}

impl PyOrderedQueue {
    fn unmade() -> Self {
        Self {
            inner: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    /// A second call changes nothing: other threads use what the first one made.
    fn make(&self, items: Items) {
        let _ = self.inner.set(Arc::new(Inner {
            items,
            tasks: TaskTracker::new(),
            ending: Ending::default(),
        }));
    }

    #[inline]
    fn shared(&self) -> PyResult<&Arc<Inner>> {
        let missing = || exception::<PyRuntimeError>("__init__() was not called by the subclass");
        self.inner.get().ok_or_else(missing)
    }

    #[inline]
    fn inner(&self) -> PyResult<&Inner> {
        Ok(self.shared()?)
    }

    /// Another object for the same queue.
    fn share(slf: &Bound<'_, Self>) -> PyResult<Self> {
        let this = slf.get();
        this.inner()?;
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Ok(Self {
            inner: Nested::new(OnceLock::clone(&this.inner)),
            owner: Some(owner),
            is_made: true,
        })
    }
}

#[pymethods]
impl PyOrderedQueue {
    /// Refuse a subclass that overrides _init, _put, _get or _qsize, which nothing would call.
    #[classmethod]
    #[pyo3(signature = (**kwargs))]
    fn __init_subclass__(
        cls: &Bound<'_, PyType>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        channel::init_subclass::<Self>(cls, kwargs)
    }

    /// Put an item in, waiting while the queue is full.
    ///
    /// Raise Full after timeout seconds, or at once if block is false; ShutDown if the queue is shut
    /// down, QueueFailed if it has failed.
    #[pyo3(
        signature = (item, block=Truth(true), timeout=None),
        text_signature = "($self, item, block=True, timeout=None)",
    )]
    fn put(
        &self,
        item: &Bound<'_, PyAny>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        channel::put(self.inner()?, item, block.0, timeout)
    }

    /// Put an item in; raise Full at once if there is no room.
    ///
    /// In a subclass it is put(item, block=False).
    fn put_nowait<'py>(
        slf: &Bound<'py, Self>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if is_subclass(slf) {
            return channel::put_of_subclass(slf, item);
        }
        channel::put(slf.get().inner()?, item, false, None)?;
        Ok(slf.py().None().into_bound(slf.py()))
    }

    /// Remove and return the item whose turn it is, waiting while the queue is empty.
    ///
    /// Raise Empty after timeout seconds, or at once if block is false; once the queue is drained,
    /// ShutDown if it is shut down and QueueFailed if it has failed.
    #[pyo3(
        signature = (block=Truth(true), timeout=None),
        text_signature = "($self, block=True, timeout=None)",
    )]
    fn get(
        &self,
        py: Python<'_>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        channel::get(self.inner()?, py, block.0, timeout)
    }

    /// Remove and return the item whose turn it is; raise Empty at once if there is none.
    ///
    /// In a subclass it is get(block=False).
    fn get_nowait(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        if is_subclass(slf) {
            return channel::get_of_subclass(slf).map(Bound::unbind);
        }
        channel::get(slf.get().inner()?, slf.py(), false, None)
    }

    /// Return the number of items.
    fn qsize(&self) -> PyResult<New<usize>> {
        Ok(New(self.inner()?.len()))
    }

    /// Tell the queue that the work on an item is done.
    ///
    /// Raise ValueError if that was said of every item already.
    fn task_done(&self, py: Python<'_>) -> PyResult<()> {
        channel::task_done(self.inner()?, py)
    }

    /// Wait until task_done() was called for every item that was put in.
    ///
    /// Items that shutdown(immediate=True) has dropped do not count; those that drain() has returned
    /// do, as those that get() has. Raise QueueFailed if the queue has failed and items are not done.
    fn join(&self, py: Python<'_>) -> PyResult<()> {
        channel::join(self.inner()?, py)
    }

    /// As join(), to be awaited: the task waits, not its thread.
    fn join_async(slf: &Bound<'_, Self>) -> PyResult<Coroutine> {
        let inner = Arc::clone(slf.get().shared()?);
        channel::joining(inner, slf, "StdOrderedQueue.join_async")
    }

    /// The number of items that were put in and are not done.
    #[getter]
    fn unfinished_tasks(&self) -> PyResult<New<u64>> {
        Ok(New(self.inner()?.tasks.unfinished()))
    }

    /// Put an item in, waiting while the queue is full.
    ///
    /// Raise Full after timeout seconds, ShutDown if the queue is shut down, QueueFailed if it has
    /// failed.
    #[pyo3(signature = (value, timeout=None))]
    fn push(&self, value: &Bound<'_, PyAny>, timeout: Option<Timeout>) -> PyResult<()> {
        let deadline = Timeout::deadline(timeout);
        channel::put_until(self.inner()?, value, deadline)
    }

    /// Put an item in; raise Full at once if there is no room.
    fn try_push(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        channel::put(self.inner()?, value, false, None)
    }

    /// Put the items of an iterable in, one by one, waiting for room as often as it takes.
    ///
    /// The iterable is read to its end before anything is put in. Raise Full after timeout seconds,
    /// ShutDown if the queue is shut down, QueueFailed if it has failed, and what a comparison raises;
    /// the items that were not put in are in the exception's attribute remaining, a list.
    #[pyo3(signature = (values, timeout=None))]
    fn push_many(&self, values: &Bound<'_, PyAny>, timeout: Option<Timeout>) -> PyResult<()> {
        let py = values.py();
        let inner = self.inner()?;
        let deadline = Timeout::deadline(timeout);
        let mut items = VecDeque::from(objects(values)?);
        while let Some(item) = items.front() {
            if let Err(err) = channel::put_until(inner, item.bind(py), deadline) {
                return Err(with_rest(py, err, items));
            }
            items.pop_front();
        }
        Ok(())
    }

    /// Remove and return the item whose turn it is, waiting while the queue is empty.
    ///
    /// Raise Empty after timeout seconds; once the queue is drained, ShutDown if it is shut down and
    /// QueueFailed if it has failed.
    #[pyo3(signature = (timeout=None))]
    fn pop(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<Py<PyAny>> {
        channel::get_until(self.inner()?, py, Timeout::deadline(timeout))
    }

    /// Remove and return the item whose turn it is; raise Empty at once if there is none.
    fn try_pop(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        channel::get(self.inner()?, py, false, None)
    }

    /// Remove and return a list of up to max_items items, waiting until there is at least one.
    ///
    /// Raise Empty after timeout seconds, once the queue is drained ShutDown if it is shut down and
    /// QueueFailed if it has failed, and what a comparison raises; items that were removed before that
    /// are in the exception's attribute popped, a list.
    #[pyo3(signature = (max_items, timeout=None))]
    fn pop_many<'py>(
        &self,
        py: Python<'py>,
        max_items: isize,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyList>> {
        if max_items <= 0 {
            let message = format!("max_items must be positive, not {max_items}");
            return Err(exception::<PyValueError>(message));
        }
        let inner = self.inner()?;
        // Room first: once an item is out nothing may fail.
        let room = Room::new(py, 1)?;
        let first = channel::get_until(inner, py, Timeout::deadline(timeout))?;
        let popped = room.fill([first].into_iter());
        while popped.len() < max_items as usize {
            let last = popped.len();
            let next = popped.append(py.None()).and_then(|()| {
                let next = ringing(py, || inner.try_get(py));
                match &next {
                    Ok(Ok(item)) => popped.set_item(last, &**item)?,
                    _ => popped.del_item(last)?,
                }
                next
            });
            match next {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => break,
                Err(err) => {
                    let name = New("popped").into_pyobject(py);
                    let set = name.and_then(|name| err.value(py).setattr(name, popped));
                    return Err(set.err().unwrap_or(err));
                }
            }
        }
        Ok(popped)
    }

    /// Remove all items in one step and return them as a list.
    ///
    /// Those of a LIFO queue are in the order in which they would leave, the last one first; those of
    /// a priority queue in no particular order: nothing is compared, so this also returns items that
    /// cannot be. It does not wait: the list is empty if there are none.
    fn drain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let inner = self.inner()?;
        loop {
            // The list first: once items are out nothing may fail.
            let most = inner.len();
            let room = Room::new(py, most)?;
            // Others may have put more in meanwhile.
            if let Some(items) = ringing(py, || inner.items.try_drain(most)) {
                return Ok(room.fill(items.into_iter().map(Object::into_py)));
            }
        }
    }

    /// As put(), to be awaited: while the queue is full the task waits, not its thread.
    ///
    /// Any number of event loops may use one queue. The timeout counts from this call. A task that
    /// is cancelled while it waits has put nothing in.
    #[pyo3(signature = (item, timeout=None))]
    fn put_async(
        slf: &Bound<'_, Self>,
        item: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        let inner = Arc::clone(slf.get().shared()?);
        let name = "StdOrderedQueue.put_async";
        Ok(channel::putting(inner, slf, name, item, timeout))
    }

    /// As get(), to be awaited: while the queue is empty the task waits, not its thread.
    ///
    /// Any number of event loops may use one queue. The timeout counts from this call. A task that
    /// is cancelled while it waits has taken nothing out.
    #[pyo3(signature = (timeout=None))]
    fn get_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        let inner = Arc::clone(slf.get().shared()?);
        let name = "StdOrderedQueue.get_async";
        Ok(channel::getting(inner, slf, name, timeout))
    }

    /// The same as put_async().
    #[pyo3(signature = (value, timeout=None))]
    fn push_async(
        slf: &Bound<'_, Self>,
        value: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        Self::put_async(slf, value, timeout)
    }

    /// The same as get_async().
    #[pyo3(signature = (timeout=None))]
    fn pop_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        Self::get_async(slf, timeout)
    }

    /// Remove the item whose turn it is and return it in a LocalWrapper.
    #[pyo3(signature = (timeout=None))]
    fn pop_local<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        in_wrapper(py, || self.pop(py, timeout))
    }

    /// Return the item whose turn it is without removing it; raise Empty if there is none.
    fn peek(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.inner()?.items.peek() {
            Some(item) => Ok(item.into_py()),
            None => Err(raised(py, &Imports::get(py).empty)),
        }
    }

    /// Return the number of items.
    fn size(&self) -> PyResult<New<usize>> {
        self.qsize()
    }

    /// Tell whether the queue has no items.
    fn empty(&self) -> PyResult<bool> {
        Ok(self.inner()?.len() == 0)
    }

    /// Tell whether the queue has maxsize items.
    fn full(&self) -> PyResult<bool> {
        let inner = self.inner()?;
        Ok(inner.items.capacity() == Some(inner.len()))
    }

    /// The bound, or 0 if there is none.
    #[getter]
    fn maxsize(&self) -> PyResult<New<usize>> {
        Ok(New(self.inner()?.items.capacity().unwrap_or(0)))
    }

    /// Whether shutdown() or fail() was called.
    #[getter]
    fn is_shutdown(&self) -> PyResult<bool> {
        Ok(self.inner()?.is_closed())
    }

    /// Refuse items from now on, and wake everyone who waits.
    ///
    /// Items that are left can be taken out; with immediate=True they are dropped, and their tasks
    /// count as done.
    #[pyo3(signature = (immediate=Truth(false)), text_signature = "($self, immediate=False)")]
    fn shutdown(&self, py: Python<'_>, immediate: Truth) -> PyResult<()> {
        let Inner {
            items,
            tasks,
            ending,
        } = self.inner()?;
        ending.shut_down();
        if immediate.0 {
            let left = ringing(py, || items.close_and_drain());
            ringing(py, || tasks.discard(left.len()));
        } else {
            ringing(py, || items.close());
        }
        Ok(())
    }

    /// Say that no more items come, because of an exception; wake everyone who waits.
    ///
    /// Calls that put items in raise QueueFailed, a new one each time, whose cause is the exception.
    /// Items that are left can be taken out; then calls that do so and iterators raise it too, and so
    /// does join() as long as items are not done. Nothing happens if the queue has failed or is shut
    /// down.
    fn fail(&self, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        let inner = self.inner()?;
        let (cause, told) = Cause::of_argument(exception)?;
        inner.ending.fail(cause);
        ringing(exception.py(), || {
            inner.items.close();
            inner.tasks.all_done().notify_all();
        });
        told
    }

    /// The exception that the queue has failed with, or None.
    #[getter]
    fn failure(&self) -> PyResult<Option<Py<PyAny>>> {
        let inner = self.inner()?;
        let cause = inner.ending.cause().filter(|_| inner.is_closed());
        Ok(cause.map(|cause| cause.clone().into_py()))
    }

    /// The number of items, for those who make room for what an iteration yields.
    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.qsize()
    }

    /// Take out item after item, waiting for each, until the queue is shut down and drained; raise
    /// QueueFailed if it has failed.
    fn __iter__(slf: Bound<'_, Self>) -> OrderedIter {
        OrderedIter(slf.unbind())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let name = slf.get_type().name()?;
        let Some(inner) = slf.get().inner.get() else {
            return Ok(New(format!("<{name}, not initialized>")));
        };
        let bound = (inner.items.capacity()).map_or(String::new(), |n| format!(" of {n}"));
        let state = inner.ending.state(inner.is_closed());
        Ok(New(format!(
            "<{name} with {}{bound} items{state}>",
            inner.len()
        )))
    }

    fn __copy__(slf: &Bound<'_, Self>) -> PyResult<()> {
        not_copyable(slf, "handle() to share the object")
    }

    fn __deepcopy__(slf: &Bound<'_, Self>, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        let Some(inner) = self.inner.get() else {
            return Ok(());
        };
        inner.ending.traverse(&visit)?;
        // The locks are free: the collector runs while no other thread is attached, and no thread
        // stops or starts the collector while it holds one.
        match &inner.items {
            Items::Lifo(stack) => stack.try_for_each(|item| visit.call(&**item)),
            Items::Priority(queue) => queue.try_for_each(|item| visit.call(&**item)),
        }
    }

    fn __clear__(&self) {
        if let (None, Some(inner)) = (&self.owner, self.inner.get()) {
            drop(hushed(|| inner.items.close_and_drain()));
        }
    }
}

/// Whether the queue is of a class that is derived from one of ours, and may override methods.
fn is_subclass(queue: &Bound<'_, PyOrderedQueue>) -> bool {
    !queue.is_exact_instance_of::<PyStdLifoQueue>()
        && !queue.is_exact_instance_of::<PyStdPriorityQueue>()
}

/// A last-in first-out queue with the methods of queue.LifoQueue.
///
/// StdConcurrentLifoQueue(maxsize=0)
///
/// It holds at most maxsize items, or any number if maxsize is not positive; whoever gets one gets
/// the one that was put in last. What is said of StdConcurrentQueue and queue.Queue holds here too.
#[pyclass(
    frozen,
    subclass,
    extends = PyOrderedQueue,
    module = "ft_utils.concurrency",
    name = "StdConcurrentLifoQueue"
)]
pub(crate) struct PyStdLifoQueue;

#[pymethods]
impl PyStdLifoQueue {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(maxsize=0)")]
    fn new(
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(PyOrderedQueue::unmade()).add_subclass(Self)
    }

    #[pyo3(signature = (maxsize=None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        #[pyo3(from_py_with = channel::bound)] maxsize: Option<usize>,
    ) {
        slf.as_super().get().make(Items::lifo(maxsize));
    }

    /// Return another object for the same queue.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let base = PyClassInitializer::from(PyOrderedQueue::share(slf.as_super())?);
        Bound::new(slf.py(), base.add_subclass(Self))
    }
}

/// A queue with the methods of queue.PriorityQueue, whose least item leaves first.
///
/// StdConcurrentPriorityQueue(maxsize=0)
///
/// It holds at most maxsize items, or any number if maxsize is not positive. Items are compared with
/// "<" alone; equal ones leave in no particular order. So with (priority, item) the items are compared
/// where priorities are equal, and two dicts, say, cannot be: put (priority, count, item) in, with a
/// number that is never the same, such as next(itertools.count()), and equal priorities leave in the
/// order of the numbers.
///
/// A comparison that raises makes the call that compares raise, and nothing else: the item that was to
/// be put in is not, the one that was to be taken out stays, and drain() returns all of them, as it
/// compares nothing. A comparison may use the queue itself: then the call that compares starts again.
/// While one thread compares items by methods in Python, calls of others that put or get wait for it.
/// What is said of StdConcurrentQueue and queue.Queue holds here too.
#[pyclass(
    frozen,
    subclass,
    extends = PyOrderedQueue,
    module = "ft_utils.concurrency",
    name = "StdConcurrentPriorityQueue"
)]
pub(crate) struct PyStdPriorityQueue;

#[pymethods]
impl PyStdPriorityQueue {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(maxsize=0)")]
    fn new(
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(PyOrderedQueue::unmade()).add_subclass(Self)
    }

    #[pyo3(signature = (maxsize=None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        #[pyo3(from_py_with = channel::bound)] maxsize: Option<usize>,
    ) {
        slf.as_super().get().make(Items::priority(maxsize));
    }

    /// Return another object for the same queue.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let base = PyClassInitializer::from(PyOrderedQueue::share(slf.as_super())?);
        Bound::new(slf.py(), base.add_subclass(Self))
    }
}

/// An iterator that takes items out, and ends when the queue is shut down and drained; it raises
/// QueueFailed if the queue has failed.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils._native",
    name = "StdOrderedQueueIterator"
)]
pub(crate) struct OrderedIter(Py<PyOrderedQueue>);

#[pymethods]
impl OrderedIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let inner = self.0.get().inner()?;
        match channel::get_until(inner, py, None) {
            Ok(item) => Ok(Some(item)),
            Err(err) if err.get_type(py).is(&Imports::get(py).shut_down) => Ok(None),
            Err(err) => Err(err),
        }
    }

    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.0.get().qsize()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}
