"""Threads that end together."""

import contextvars
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    NoReturn,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    TypeVarTuple,
    Unpack,
    overload,
)

from ft_utils._flow.group_thread import GroupThread
from ft_utils._native import Event, QueueFailed, Stopped, is_stopped_by, stop_waits_on

if TYPE_CHECKING:
    from ft_utils._flow.group_body import Body

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Args = TypeVarTuple("_Args")

_ERRORS = "unhandled errors in a ThreadGroup"


class _CanFail(Protocol):
    def fail(self, exception: BaseException, /) -> object: ...


_Q = TypeVar("_Q", bound=_CanFail)


# The innermost group that the thread belongs to, or whose block it is in. Jobs that a thread runs
# while it waits for others have contexts of their own, and leave that of the waiting job as it is.
# The reference is weak, because contexts are copied, and a copy may last longer than the group.
_innermost: "contextvars.ContextVar[weakref.ref[ThreadGroup] | None]" = contextvars.ContextVar(
    "ft_utils.ThreadGroup", default=None
)


def _enter(group: "ThreadGroup | None") -> None:
    """Let this thread belong to the group, or to none."""
    _innermost.set(None if group is None else weakref.ref(group))
    stop_waits_on(None if group is None else group._stopping)


def _here() -> "ThreadGroup | None":
    """Return the innermost group of this thread."""
    reference = _innermost.get()
    group = None if reference is None else reference()
    # A thread or a job inherits the context of those that start it, but not their group.
    return group if group is not None and is_stopped_by(group._stopping) else None


def _open_group(group: "ThreadGroup | None") -> "ThreadGroup | None":
    """Return the group, or the nearest one around it whose block has not ended."""
    while group is not None and group._is_over:
        group = group._outer
    return group


def run_in_group(group: "ThreadGroup", fn: Callable[..., _R], /, *args: Any) -> _R:
    """Make a call in a thread that belongs to the group meanwhile."""
    before = _here()
    _enter(group)
    try:
        return fn(*args)
    finally:
        _enter(_open_group(before))


@contextmanager
def _shield() -> Iterator[None]:
    before = _here()
    _enter(None)
    try:
        yield
    finally:
        _enter(_open_group(before))


class ThreadGroup:
    """A block of threads that end together: nothing that it starts outlives it.

    start(fn, ...) starts a thread. The end of the block waits for all threads; results() then has
    what they returned, in the order in which they were started::

        with ThreadGroup() as group:
            for path in paths:
                group.start(read, path)
        texts = group.results()

    The first error, in a thread or in the block itself, stops the group: the event stopping is set,
    the queues that were given to register() fail with the error, and each wait for an object of
    ft_utils, in the threads and in the block, ends by raising Stopped. Then the block raises an
    ExceptionGroup of all errors. stop() stops the group without an error.

    Stopped is not an Exception, so ``except Exception`` does not catch it. It ends a thread
    quietly. A call that need not wait does not raise it, nor does one with timeout=0. A thread that
    has to wait when it cleans up does so under shield(). A thread that computes, or waits for
    something else, should look at ``stopping.is_set()`` now and then, and call
    ``stopping.wait(seconds)`` instead of ``time.sleep(seconds)``: the block waits for it however
    long it takes. The attribute threads tells which threads still run.

    An error that is not an Exception, such as KeyboardInterrupt or SystemExit, is raised as itself,
    and the other errors are its cause. Ctrl-C stops the group also while the block waits for its
    threads. If Ctrl-C comes once more before they have ended, the block ends without them.

    Each thread runs in a copy of the context (contextvars) of the call of start(), and is a daemon
    if the thread that calls start() is one. Threads may start others in their group. A block inside
    of another block, or in a thread of a group, belongs to that group: if it stops, the inner group
    stops, too. A job of an executor belongs to none, also if a WorkStealingExecutor runs it in a
    thread that waits in a block. Leave a block in the thread that has entered it.

    Coroutines use ``async with``. The end of that block waits without blocking the event loop, and
    if the group stops, what the block awaits is cancelled, as in asyncio.TaskGroup.
    """

    def __init__(self) -> None:
        # It is reentrant, because a signal handler may call stop().
        self._lock = threading.RLock()
        # In the order of starting, with those that could not be started. It only grows.
        self._threads: list[GroupThread[Any]] = []
        self._errors: list[BaseException] = []
        self._registered: list[_CanFail] = []
        # The groups that belong to this one, while they are open.
        self._inner: set[ThreadGroup] = set()
        self._outer: ThreadGroup | None = None
        # What has stopped the group.
        self._cause: BaseException | None = None
        # Whether all that are to know of the stop have been told.
        self._has_told = False
        self._is_open = False
        self._is_over = False
        self._stopping = Event()
        self._body: Body | None = None
        # The child of a fork does not have the threads.
        self._process = os.getpid()

    @property
    def stopping(self) -> Event:
        """The event that is set when the group stops; stop() sets it."""
        return self._stopping

    @property
    def threads(self) -> list[GroupThread[Any]]:
        """The threads that still run, in the order in which they were started."""
        return [thread for thread in self._started() if not thread.done()]

    @overload
    def start(
        self,
        fn: Callable[[Unpack[_Args]], _R],
        /,
        *args: *_Args,
        name: str | None = None,
    ) -> GroupThread[_R]: ...
    @overload
    def start(
        self, fn: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> GroupThread[_R]: ...
    # mypy does not see that it takes all that the overloads take.
    def start(  # type: ignore[misc]
        self, fn: Callable[..., _R], /, *args: Any, name: str | None = None, **kwargs: Any
    ) -> GroupThread[_R]:
        """Call fn(*args, **kwargs) in a new thread, and return an object that has the result.

        The name is that of the thread. Raise Stopped if the group is stopping, and RuntimeError
        outside of its block.
        """
        if not callable(fn):
            raise TypeError(f"fn must be callable, not {type(fn)}")
        if name is None:
            name = f"{getattr(fn, '__name__', type(fn).__name__)}-{len(self._threads) + 1}"
        context = contextvars.copy_context()
        thread: GroupThread[_R] = GroupThread(name, context.run, self._run, fn, args, kwargs)
        try:
            with self._lock:
                self._check()
                self._threads.append(thread)
            thread._thread.start()
        except BaseException:
            thread._fail()
            raise
        return thread

    def results(self) -> list[Any]:
        """Return what the threads returned, in the order in which they were started.

        If one of them has raised an error, raise the first. Within the block, wait for those that
        still run.
        """
        threads = self._started()
        for thread in threads:
            thread._done.wait()
        # Another thread may have found meanwhile that one cannot be started.
        return [thread.result() for thread in threads if not thread._has_failed]

    def stop(self) -> None:
        """Ask the threads and the block to stop. This is no error."""
        self._stop(Stopped("the group was stopped"))

    def register(self, queue: _Q) -> _Q:
        """Return the queue; if the group stops, queue.fail(error) is called.

        So threads and tasks that do not belong to the group learn of the error, too.
        """
        if not callable(getattr(queue, "fail", None)):
            raise TypeError(f"queue must have a method fail(), not {type(queue)}")
        with self._lock:
            if self._is_over:
                raise RuntimeError("the block of the group has ended")
            self._registered.append(queue)
            cause = self._cause
        if cause is not None:
            queue.fail(cause)
        return queue

    @staticmethod
    def shield() -> AbstractContextManager[None]:
        """Return a context in which no wait of this thread raises Stopped."""
        return _shield()

    def __enter__(self) -> Self:
        self._open()
        _enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        before = _here()
        try:
            self._join(error)
        finally:
            self._close()
            _enter(_open_group(before))
        return self._end(error)

    async def __aenter__(self) -> Self:
        from ft_utils._flow.group_body import Body

        body = Body()
        self._open()
        self._body = body
        if self._stopping.is_set():
            body.stop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        from asyncio import CancelledError

        body = self._body
        assert body is not None
        body.end(error)
        try:
            if body.cancelled is not None:
                self._stop(body.cancelled)
            elif error is not None and not isinstance(error, CancelledError):
                self._note(error)
            ended, wait = 0, body.settle
            while True:
                try:
                    await wait()
                except CancelledError as cancelled:
                    if body.is_cancelled(cancelled):
                        self._stop(cancelled)
                    continue
                except BaseException as interruption:
                    # The event loop was interrupted, or the coroutine closed: nothing can wait.
                    self._note(interruption)
                    self._name_threads(interruption)
                    raise
                if (thread := self._next(ended)) is None:
                    break
                ended, wait = ended + 1, thread._join_async
        finally:
            self._close()
        if body.cancelled is not None:
            if not self._errors:
                if body.cancelled is error:
                    return False
                raise body.cancelled
            body.cancel_again()
        return self._end(error)

    def __repr__(self) -> str:
        running, started = len(self.threads), len(self._started())
        state = f"{running} of {started} threads running"
        if self._stopping.is_set():
            state += ", stopping" if running else ", stopped"
        return f"<ft_utils.{type(self).__name__} at {id(self):#x}: {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot copy or pickle a ThreadGroup")

    def _started(self) -> list[GroupThread[Any]]:
        return [thread for thread in list(self._threads) if not thread._has_failed]

    def _check(self) -> None:
        """Raise an error if no thread can be started now."""
        if self._is_over or not self._is_open:
            raise RuntimeError("threads are started inside of the block of the group")
        if self._stopping.is_set():
            raise Stopped("the group is stopping")

    def _run(
        self,
        fn: Callable[..., _R],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        thread: GroupThread[_R],
    ) -> None:
        """Make the call of a thread."""
        if thread._begun.test_and_set():
            return
        try:
            _enter(self)
            thread._value = fn(*args, **kwargs)
        except BaseException as error:
            thread._error = error
            self._note(error)
        finally:
            # Nothing that could wait comes after this, and no wait of a destructor is ended.
            _enter(None)
            thread._done.set()
            # The traceback of the error has this frame.
            del self, fn, args, kwargs, thread

    def _note(self, error: BaseException) -> None:
        """Stop the group because of an error, unless the error comes from the stop."""
        if self._has_told and isinstance(error, Stopped):
            # Most threads of a group that stops end in this way, all at once.
            return
        with self._lock:
            is_known = any(error is other for other in self._errors)
            if not (is_known or self._is_echo(error)):
                self._errors.append(error)
        # If only the event was set, or a signal handler has interrupted this, do the rest now.
        self._stop(error)

    def _is_echo(self, error: BaseException) -> bool:
        if isinstance(error, Stopped):
            return self._stopping.is_set()
        return isinstance(error, QueueFailed) and error.__cause__ is self._cause is not None

    def _stop(self, cause: BaseException) -> None:
        with self._lock:
            if self._is_over:
                return
            if self._cause is None:
                self._cause = cause
            else:
                cause = self._cause
            registered, inner, body = list(self._registered), list(self._inner), self._body
        self._stopping.set()
        if body is not None:
            body.stop()
        for group in inner:
            group._stop(cause)
        for queue in registered:
            try:
                queue.fail(cause)
            except Exception as error:
                # The other queues have to fail nevertheless.
                with self._lock:
                    self._errors.append(error)
        self._has_told = True

    def _open(self) -> None:
        with self._lock:
            if self._is_open or self._is_over:
                raise RuntimeError("a ThreadGroup has one block")
            self._is_open = True
        self._outer = outer = _open_group(_here())
        if outer is not None:
            with outer._lock:
                outer._inner.add(self)
                cause = outer._cause
            if cause is not None:
                self._stop(cause)

    def _next(self, ended: int) -> GroupThread[Any] | None:
        """Return the thread to wait for when so many have ended, or None if the block ends."""
        with self._lock:
            if ended < len(self._threads) and self._process == os.getpid():
                return self._threads[ended]
            self._is_over = True
        return None

    def _join(self, error: BaseException | None) -> None:
        """Note the error that has ended the block, and wait for all threads."""
        ended, interrupted = 0, isinstance(error, KeyboardInterrupt)
        while True:
            try:
                _enter(None)
                if error is not None:
                    self._note(error)
                while (thread := self._next(ended)) is not None:
                    thread._join()
                    ended += 1
                return
            except BaseException as interruption:
                # A signal handler has raised it, wherever this was.
                if interrupted:
                    self._name_threads(interruption)
                    raise
                interrupted = True
                self._note(interruption)

    def _name_threads(self, error: BaseException) -> None:
        names = ", ".join(thread.name for thread in self.threads)
        error.add_note(f"These threads of the group may still be running: {names}")

    def _close(self) -> None:
        """Forget what only an open group needs."""
        with self._lock:
            self._is_over = True
            self._cause = None
            self._registered.clear()
            self._inner.clear()
            outer = self._outer
        if outer is not None:
            with outer._lock:
                outer._inner.discard(self)

    def _end(self, ended_by: BaseException | None) -> bool:
        """Raise what the block is to raise, or return whether it swallows what has ended it."""
        error = self._error(ended_by)
        try:
            if error is None:
                return True
            if error is ended_by:
                return False
            raise error
        finally:
            # The traceback of the error has this frame.
            del error, ended_by

    def _error(self, ended_by: BaseException | None) -> BaseException | None:
        errors, self._errors = self._errors, []
        for error in errors:
            if not isinstance(error, Exception):
                others = [other for other in errors if other is not error]
                if others and error.__cause__ is None:
                    error.__cause__ = BaseExceptionGroup(_ERRORS, others)
                return error
        if errors:
            return BaseExceptionGroup(_ERRORS, errors)
        outer = self._outer
        if outer is not None and outer._stopping.is_set() and self._stopping.is_set():
            # What has stopped the outer group goes on to stop this thread.
            return ended_by if isinstance(ended_by, Stopped) else Stopped("the outer group stops")
        return None
