//! `ConcurrentQueue`.

use crate::{
    local_wrapper,
    queues::channel,
    runtime::{
        awaiting::{self, Coroutine, hushed, ringing},
        blocking::{self, Timeout},
        create::{self, New, Room, exception},
        error::{not_copyable, raised},
        failure::{Cause, Ending},
        fast::Done,
        imports::Imports,
        nesting::Nested,
        object::{Object, objects},
        truth::Truth,
    },
};
use ft_concurrent_queue::{
    ConcurrentQueue, TaskTracker, TryPopError, TryPushError, TryPushManyError,
};
use ft_sync::Event;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyUserWarning, PyValueError},
    prelude::*,
    types::{PyDict, PyList, PyTuple},
};
use std::{
    collections::VecDeque,
    ffi::CString,
    sync::{Arc, OnceLock},
};

pub(crate) type Core = ConcurrentQueue<Object>;

/// The largest `scaling` that is not taken for a bound.
const LARGEST_SCALING: isize = 256;

/// A first-in first-out queue for many producers and many consumers.
///
/// ConcurrentQueue(scaling=None, lock_free=False, *, maxsize=0)
///
/// Items leave in the order in which their pushes took effect; none is lost or comes out twice, and
/// a call that fails, for whatever reason, leaves no trace. A pop waits while the queue is empty, a
/// push while it has maxsize items, unless that is 0: no bound. Waits end within 0.1 s of Ctrl-C.
/// With lock_free=True waiting calls spin, with longer and longer pauses, instead of being woken.
///
/// **The first argument is not the bound**: it is scaling, as in ft_utils 0.2.0, a hint that this
/// queue does not need. So **ConcurrentQueue(100) holds any number of items, and
/// ConcurrentQueue(maxsize=100) at most 100**. A scaling above 256 was meant as a bound, and is a
/// UserWarning.
///
/// After shutdown() pushes raise ShutDown; pops take what is left, and then raise it too. After
/// fail(exception) the same happens with QueueFailed, whose cause is the exception, and iteration
/// raises that as well: so a pipeline that stops because of an error does not look like one that has
/// come to its end.
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    generic,
    module = "ft_utils.concurrency",
    name = "ConcurrentQueue"
)]
pub(crate) struct PyConcurrentQueue {
    /// Set by `__init__`, so that subclasses are free in what they take.
    inner: Nested<OnceLock<Inner>>,
    /// The object whose items these are, if it is another one. It alone shows them to the
    /// collector.
    owner: Option<Py<Self>>,
    /// True; false in memory that is still to become one of these. Python 3.11 and 3.12 show the
    /// collector such memory, all zeros, when they make the dict of the instance.
    is_made: bool,
}

#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) core: Arc<Core>,
    /// Counts the items that were pushed and are not done, in the subclass that has `task_done`.
    pub(crate) tasks: Option<Arc<TaskTracker>>,
    /// Why the core is closed, once it is.
    pub(crate) ending: Arc<Ending>,
    /// Wait by spinning.
    spins: bool,
}

impl Inner {
    pub(crate) fn new(maxsize: Option<usize>, tasks: Option<TaskTracker>, spins: bool) -> Self {
        let core = maxsize.map_or_else(Core::unbounded, Core::bounded);
        Self {
            core: Arc::new(core),
            tasks: tasks.map(Arc::new),
            ending: Arc::default(),
            spins,
        }
    }

    #[inline]
    pub(crate) fn try_push(&self, item: Object) -> Result<(), TryPushError<Object>> {
        let Some(tasks) = &self.tasks else {
            return self.core.try_push(item);
        };
        let attempt = tasks.attempt();
        self.core.try_push(item)?;
        attempt.succeeded();
        Ok(())
    }

    fn try_push_many(&self, items: &mut VecDeque<Object>) -> Result<(), TryPushError<()>> {
        if self.tasks.is_none() {
            return match self.core.try_push_many(items) {
                Ok(_) => Ok(()),
                Err(TryPushManyError::Full { .. }) => Err(TryPushError::Full(())),
                Err(TryPushManyError::Closed { .. }) => Err(TryPushError::Closed(())),
            };
        }
        while let Some(item) = items.pop_front() {
            let (item, refused) = match self.try_push(item) {
                Ok(()) => continue,
                Err(TryPushError::Full(item)) => (item, TryPushError::Full(())),
                Err(TryPushError::Closed(item)) => (item, TryPushError::Closed(())),
            };
            items.push_front(item);
            return Err(refused);
        }
        Ok(())
    }

    #[inline]
    fn wait<T>(
        &self,
        py: Python<'_>,
        timeout: Option<Timeout>,
        event: &Event,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> PyResult<Option<T>> {
        if let Some(done) = ringing(py, &mut attempt) {
            return Ok(Some(done));
        }
        let deadline = Timeout::deadline(timeout);
        if self.spins {
            blocking::spin(py, deadline, attempt)
        } else {
            blocking::wait(py, deadline, event, attempt)
        }
    }
}

impl PyConcurrentQueue {
    /// For `__new__`, here and in the subclass.
    pub(crate) fn unmade() -> Self {
        Self {
            inner: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    /// For `__init__`. A second call changes nothing: other threads use what the first one made.
    pub(crate) fn make(&self, inner: Inner) {
        let _ = self.inner.set(inner);
    }

    /// Another object for the same queue.
    pub(crate) fn share(slf: &Bound<'_, Self>) -> PyResult<Self> {
        let this = slf.get();
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Ok(Self {
            inner: Nested::new(OnceLock::from(this.inner()?.clone())),
            owner: Some(owner),
            is_made: true,
        })
    }

    #[inline]
    pub(crate) fn inner(&self) -> PyResult<&Inner> {
        self.inner.get().ok_or_else(|| {
            exception::<PyRuntimeError>("ConcurrentQueue.__init__() was not called by the subclass")
        })
    }

    #[inline]
    fn core(&self) -> PyResult<&Core> {
        Ok(&self.inner()?.core)
    }

    fn putting(
        slf: &Bound<'_, Self>,
        name: &'static str,
        item: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        let inner = Arc::new(slf.get().inner()?.clone());
        Ok(channel::putting(inner, slf, name, item, timeout))
    }

    fn getting(
        slf: &Bound<'_, Self>,
        name: &'static str,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        let inner = Arc::new(slf.get().inner()?.clone());
        Ok(channel::getting(inner, slf, name, timeout))
    }
}

/// The answer of a pop, or `None` to wait.
fn popped<T>(answer: Result<T, TryPopError>) -> Option<Result<T, TryPopError>> {
    (!matches!(answer, Err(TryPopError::Empty))).then_some(answer)
}

pub(crate) fn pop_error(py: Python<'_>, ending: &Ending, err: TryPopError) -> PyErr {
    match err {
        TryPopError::Empty => raised(py, &Imports::get(py).empty),
        TryPopError::Closed => ending.error(py),
    }
}

/// Warns of a number that is no hint for a number of threads.
fn warn_of_scaling(py: Python<'_>, scaling: isize) -> PyResult<()> {
    let message = format!(
        "scaling={scaling} does not bound the queue: ConcurrentQueue(maxsize={scaling}) does"
    );
    let message = CString::new(message).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &message, 1)
}

/// Puts what `pop` returns into a LocalWrapper.
pub(crate) fn in_wrapper<'py>(
    py: Python<'py>,
    pop: impl FnOnce() -> PyResult<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    // Made first: once the item is out nothing may fail.
    let wrapper = local_wrapper::Vacant::new(py)?;
    Ok(wrapper.fill(pop()?.into_bound(py)))
}

/// Puts the items that a `push_many` has not pushed into its exception.
pub(crate) fn with_rest(py: Python<'_>, err: PyErr, rest: VecDeque<Object>) -> PyErr {
    let rest = create::list(py, rest.into_iter().map(|item| Ok(item.into_bound(py))));
    let name = New("remaining").into_pyobject(py);
    let set = rest.and_then(|rest| err.value(py).setattr(name?, rest));
    set.err().unwrap_or(err)
}

#[pymethods]
impl PyConcurrentQueue {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(scaling=None, lock_free=False, *, maxsize=0)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::unmade()
    }

    #[pyo3(signature = (scaling=None, lock_free=Truth(false), *, maxsize=0))]
    fn __init__(
        &self,
        py: Python<'_>,
        scaling: Option<isize>,
        lock_free: Truth,
        maxsize: isize,
    ) -> PyResult<()> {
        if let Some(scaling) = scaling.filter(|&scaling| scaling > LARGEST_SCALING) {
            warn_of_scaling(py, scaling)?;
        }
        let maxsize = usize::try_from(maxsize).ok().filter(|&maxsize| maxsize > 0);
        self.make(Inner::new(maxsize, None, lock_free.0));
        Ok(())
    }

    /// Append an item, waiting while the queue is full.
    ///
    /// Raise Full after timeout seconds, ShutDown if the queue is shut down, QueueFailed if it has
    /// failed.
    #[pyo3(signature = (value, timeout=None))]
    fn push(&self, value: &Bound<'_, PyAny>, timeout: Option<Timeout>) -> PyResult<()> {
        let py = value.py();
        let inner = self.inner()?;
        let mut item = Some(Object::new(value));
        let attempt = || {
            // Each attempt that fails hands the item back.
            match inner.try_push(item.take()?) {
                Ok(()) => Some(true),
                Err(TryPushError::Full(back)) => {
                    item = Some(back);
                    None
                }
                Err(TryPushError::Closed(back)) => {
                    item = Some(back);
                    Some(false)
                }
            }
        };
        let answer = inner.wait(py, timeout, inner.core.not_full(), attempt)?;
        match answer {
            Some(true) => Ok(()),
            Some(false) => Err(inner.ending.error(py)),
            None => Err(raised(py, &Imports::get(py).full)),
        }
    }

    /// Append an item; raise Full at once if there is no room.
    fn try_push(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        let inner = self.inner()?;
        match ringing(py, || inner.try_push(Object::new(value))) {
            Ok(()) => Ok(()),
            Err(TryPushError::Full(_)) => Err(raised(py, &Imports::get(py).full)),
            Err(TryPushError::Closed(_)) => Err(inner.ending.error(py)),
        }
    }

    /// Append the items of an iterable, waiting for room as often as it takes.
    ///
    /// The iterable is read to its end before anything is pushed. Raise Full after timeout
    /// seconds, ShutDown if the queue is shut down, QueueFailed if it has failed; the items that were
    /// not pushed are in the exception's attribute remaining, a list.
    #[pyo3(signature = (values, timeout=None))]
    fn push_many(&self, values: &Bound<'_, PyAny>, timeout: Option<Timeout>) -> PyResult<()> {
        let py = values.py();
        let inner = self.inner()?;
        let mut items = VecDeque::from(objects(values)?);
        let attempt = || match inner.try_push_many(&mut items) {
            Ok(()) => Some(true),
            Err(TryPushError::Full(())) => None,
            Err(TryPushError::Closed(())) => Some(false),
        };
        let answer = inner.wait(py, timeout, inner.core.not_full(), attempt);
        let err = match answer {
            Ok(Some(true)) => return Ok(()),
            Ok(Some(false)) => inner.ending.error(py),
            Ok(None) => raised(py, &Imports::get(py).full),
            Err(err) => err,
        };
        Err(with_rest(py, err, items))
    }

    /// Remove and return the oldest item, waiting while the queue is empty.
    ///
    /// Raise Empty after timeout seconds; once the queue is drained, ShutDown if it is shut down and
    /// QueueFailed if it has failed.
    #[pyo3(signature = (timeout=None))]
    fn pop(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<Py<PyAny>> {
        let inner = self.inner()?;
        let attempt = || popped(inner.core.try_pop());
        let answer = inner.wait(py, timeout, inner.core.not_empty(), attempt)?;
        match answer.unwrap_or(Err(TryPopError::Empty)) {
            Ok(item) => Ok(item.into_py()),
            Err(err) => Err(pop_error(py, &inner.ending, err)),
        }
    }

    /// Remove and return the oldest item; raise Empty at once if there is none.
    fn try_pop(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let inner = self.inner()?;
        match ringing(py, || inner.core.try_pop()) {
            Ok(item) => Ok(item.into_py()),
            Err(err) => Err(pop_error(py, &inner.ending, err)),
        }
    }

    /// Remove and return a list of up to max_items items, waiting until there is at least one.
    ///
    /// Raise Empty after timeout seconds; once the queue is drained, ShutDown if it is shut down and
    /// QueueFailed if it has failed.
    #[pyo3(signature = (max_items, timeout=None))]
    fn pop_many<'py>(
        &self,
        py: Python<'py>,
        max_items: isize,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyList>> {
        let Some(max) = usize::try_from(max_items).ok().filter(|&max| max > 0) else {
            let message = format!("max_items must be positive, not {max_items}");
            return Err(exception::<PyValueError>(message));
        };
        let inner = self.inner()?;
        let attempt = || {
            // The list first: once items are out nothing may fail.
            let most = inner.core.len().clamp(1, max);
            let room = match Room::new(py, most) {
                Ok(room) => room,
                Err(err) => return Some(Err(err)),
            };
            let mut items = Vec::new();
            let answer = popped(inner.core.try_pop_many(most, &mut items))?;
            Some(match answer {
                Ok(_) => Ok(room.fill(items.into_iter().map(Object::into_py))),
                Err(err) => Err(pop_error(py, &inner.ending, err)),
            })
        };
        let answer = inner.wait(py, timeout, inner.core.not_empty(), attempt)?;
        answer.unwrap_or_else(|| Err(raised(py, &Imports::get(py).empty)))
    }

    /// Remove all items at once and return them as a list, the oldest first.
    ///
    /// It does not wait: the list is empty if there are none. Items that others push meanwhile stay.
    fn drain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let core = self.core()?;
        let most = core.len();
        // The list first: once items are out nothing may fail.
        let room = Room::new(py, most)?;
        let mut items = Vec::new();
        // If others have been faster there is nothing left, which is no error here.
        let _ = ringing(py, || core.try_pop_many(most, &mut items));
        Ok(room.fill(items.into_iter().map(Object::into_py)))
    }

    /// As push(), to be awaited: while the queue is full the task waits, not its thread.
    ///
    /// Any number of event loops may use one queue. The timeout counts from this call. A task that
    /// is cancelled while it waits has appended nothing.
    #[pyo3(signature = (value, timeout=None))]
    fn push_async(
        slf: &Bound<'_, Self>,
        value: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        Self::putting(slf, "ConcurrentQueue.push_async", value, timeout)
    }

    /// As pop(), to be awaited: while the queue is empty the task waits, not its thread.
    ///
    /// Any number of event loops may use one queue. The timeout counts from this call. A task that
    /// is cancelled while it waits has removed nothing.
    #[pyo3(signature = (timeout=None))]
    fn pop_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        Self::getting(slf, "ConcurrentQueue.pop_async", timeout)
    }

    /// The same as push_async().
    #[pyo3(signature = (item, timeout=None))]
    fn put_async(
        slf: &Bound<'_, Self>,
        item: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        Self::putting(slf, "ConcurrentQueue.put_async", item, timeout)
    }

    /// The same as pop_async().
    #[pyo3(signature = (timeout=None))]
    fn get_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        Self::getting(slf, "ConcurrentQueue.get_async", timeout)
    }

    /// Remove the oldest item and return it in a LocalWrapper.
    #[pyo3(signature = (timeout=None))]
    fn pop_local<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        in_wrapper(py, || self.pop(py, timeout))
    }

    /// Return the oldest item without removing it; raise Empty if there is none.
    fn peek(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.core()?.peek() {
            Some(item) => Ok(item.into_py()),
            None => Err(raised(py, &Imports::get(py).empty)),
        }
    }

    /// Return the number of items, exact while no other thread pushes or pops.
    fn size(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.len()))
    }

    /// Tell whether the queue has no items.
    fn empty(&self) -> PyResult<bool> {
        Ok(self.core()?.is_empty())
    }

    /// Tell whether the queue has maxsize items.
    fn full(&self) -> PyResult<bool> {
        Ok(self.core()?.is_full())
    }

    /// The bound, or 0 if there is none.
    #[getter]
    fn maxsize(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.capacity().unwrap_or(0)))
    }

    /// Whether shutdown() or fail() was called.
    #[getter]
    fn is_shutdown(&self) -> PyResult<bool> {
        Ok(self.core()?.is_closed())
    }

    /// Refuse pushes from now on, and wake everyone who waits.
    ///
    /// Items that are left can be popped; with immediate=True they are dropped.
    #[pyo3(signature = (immediate=Truth(false)), text_signature = "($self, immediate=False)")]
    fn shutdown(&self, py: Python<'_>, immediate: Truth) -> PyResult<()> {
        let Inner {
            core,
            tasks,
            ending,
            ..
        } = self.inner()?;
        ending.shut_down();
        if !immediate.0 {
            ringing(py, || core.close());
            return Ok(());
        }
        let left = ringing(py, || core.close_and_drain());
        if let Some(tasks) = tasks {
            ringing(py, || tasks.discard(left.len()));
        }
        Ok(())
    }

    /// Say that no more items come, because of an exception; wake everyone who waits.
    ///
    /// Pushes raise QueueFailed, a new one each time, whose cause is the exception. Items that are
    /// left can be popped; then pops and iterators raise it too, and so does join() as long as items
    /// are not done. Nothing happens if the queue has failed or is shut down.
    fn fail(&self, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        let inner = self.inner()?;
        let (cause, told) = Cause::of_argument(exception)?;
        inner.ending.fail(cause);
        ringing(exception.py(), || {
            inner.core.close();
            if let Some(tasks) = &inner.tasks {
                tasks.all_done().notify_all();
            }
        });
        told
    }

    /// The exception that the queue has failed with, or None.
    #[getter]
    fn failure(&self) -> PyResult<Option<Py<PyAny>>> {
        let Inner { core, ending, .. } = self.inner()?;
        let cause = ending.cause().filter(|_| core.is_closed());
        Ok(cause.map(|cause| cause.clone().into_py()))
    }

    /// Return another object for the same queue.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle(slf: &Bound<'_, Self>) -> PyResult<Self> {
        Self::share(slf)
    }

    /// The number of items, for those who make room for what an iteration yields.
    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.size()
    }

    /// Pop item after item, waiting for each, until the queue is shut down and drained; raise
    /// QueueFailed if it has failed.
    fn __iter__(slf: Bound<'_, Self>) -> QueueIter {
        QueueIter(slf.unbind())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let name = slf.get_type().name()?;
        let Some(Inner { core, ending, .. }) = slf.get().inner.get() else {
            return Ok(New(format!("<{name}, not initialized>")));
        };
        let bound = core
            .capacity()
            .map_or(String::new(), |n| format!(" of {n}"));
        let state = ending.state(core.is_closed());
        Ok(New(format!(
            "<{name} with {}{bound} items{state}>",
            core.len()
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
        let Some(Inner { core, ending, .. }) = self.inner.get() else {
            return Ok(());
        };
        ending.traverse(&visit)?;
        // SAFETY: the collector runs while no other thread is attached, and only attached threads
        // are inside methods of the core. None of them stops there: nothing in them allocates a
        // Python object, detaches, or runs Python code, so neither does this thread.
        unsafe { core.for_each_quiescent(&mut |item| visit.call(&**item)) }
    }

    fn __clear__(&self) {
        if let (None, Some(Inner { core, .. })) = (&self.owner, self.inner.get()) {
            // Whoever waits for the queue holds it, and is garbage too.
            let left: Vec<_> = hushed(|| core.try_iter().collect());
            drop(left);
        }
    }
}

/// An iterator that pops, and ends when the queue is shut down and drained; it raises QueueFailed
/// if the queue has failed.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentQueueIterator"
)]
pub(crate) struct QueueIter(Py<PyConcurrentQueue>);

#[pymethods]
impl QueueIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let inner = self.0.get().inner()?;
        let attempt = || popped(inner.core.try_pop());
        match inner.wait(py, None, inner.core.not_empty(), attempt)? {
            Some(Ok(item)) => Ok(Some(item.into_py())),
            _ if inner.ending.cause().is_some() => Err(inner.ending.error(py)),
            _ => Ok(None),
        }
    }

    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.0.get().size()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}

/// Appends an item if that needs no waiting.
#[inline]
pub(crate) fn push_now(queue: &PyConcurrentQueue, item: &Bound<'_, PyAny>) -> Option<Done> {
    let py = item.py();
    ringing(py, || queue.inner.get()?.try_push(Object::new(item)).ok())?;
    Some(Done::none(py))
}

/// Takes the oldest item out if there is one.
#[inline]
pub(crate) fn pop_now(queue: &PyConcurrentQueue, py: Python<'_>) -> Option<Done> {
    let core = &queue.inner.get()?.core;
    let item = core.try_pop().ok()?;
    // Without a bound nobody waits for room.
    if core.capacity().is_some() {
        awaiting::ring(py);
    }
    Some(Done::object(item))
}

pub(crate) mod queue {
    use super::{PyConcurrentQueue, pop_now, push_now};

    crate::runtime::fast::fast! { PyConcurrentQueue:
        one c"push" = |this, _, value| push_now(this, &value);
        one c"try_push" = |this, _, value| push_now(this, &value);
        none c"pop" = |this, py| pop_now(this, py);
        noargs c"try_pop" = |this, py| pop_now(this, py);
    }
}

pub(crate) mod iter {
    use super::{QueueIter, pop_now};

    crate::runtime::fast::fast! { QueueIter:
        next tp_iternext = |this, py| pop_now(this.0.get(), py);
    }
}
