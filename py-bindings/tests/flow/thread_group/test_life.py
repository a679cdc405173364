"""ThreadGroup: threads, contexts, and what is freed."""

import contextvars
import copy
import gc
import os
import pickle
import threading
import weakref

import pytest
from ft_utils import AtomicInt64, Event, ThreadGroup
from helpers.limits import LONG
from helpers.marks import WITH_FORK
from helpers.threads import Task

from .shared import fail, running, sleep_on, until_all_sleep

pytestmark = pytest.mark.thread_unsafe(reason="counts threads, collects garbage and forks")

VALUE = contextvars.ContextVar("VALUE", default="default")


class Thing:
    pass


def test_context_is_copied_at_the_start():
    def work():
        before = VALUE.get()
        VALUE.set("thread")
        return before

    with ThreadGroup() as group:
        VALUE.set("first")
        group.start(work)
        VALUE.set("second")
        group.start(work)
    assert group.results() == ["first", "second"]
    assert VALUE.get() == "second"


def test_nothing_outlives_the_block():
    before = running()
    done = AtomicInt64()

    def work():
        if done.incr() < 200:
            group.start(work)

    with ThreadGroup() as group:
        for _ in range(4):
            group.start(work)
    assert running() <= before
    assert len(group.results()) == done.get()


def test_many_threads():
    before = running()
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        for _ in range(499):
            group.start(sleep_on)
        group.start(fail, ValueError())
    assert len(caught.value.exceptions) == 1
    assert running() <= before


def test_names():
    with ThreadGroup() as group:
        named = group.start(threading.current_thread, name="reader")
        unnamed = group.start(threading.current_thread)
        odd = group.start(Thing)
    assert named.result().name == named.name == "reader"
    assert unnamed.result().name == unnamed.name == "current_thread-2"
    assert odd.name == "Thing-3"
    assert repr(named) == "<ft_utils.GroupThread reader: returned>"


def test_repr():
    go = Event()
    with ThreadGroup() as group:
        group.start(go.wait)
        assert repr(group).endswith(": 1 of 1 threads running>")
        with pytest.raises(ValueError):
            raise ValueError
        thread = group.start(sleep_on)
        assert repr(thread).endswith(": running>")
        group.stop()
        go.set()
    assert repr(group).endswith(": 0 of 2 threads running, stopped>")
    assert repr(thread).endswith(": raised>")


def test_daemons():
    """As everywhere: a thread is a daemon if its starter is one."""

    def is_daemon():
        with ThreadGroup() as group:
            return group.start(lambda: threading.current_thread().daemon).result()

    found = []
    for daemon in (True, False):
        thread = threading.Thread(target=lambda: found.append(is_daemon()), daemon=daemon)
        thread.start()
        thread.join()
    assert found == [True, False]


def test_no_copies():
    with ThreadGroup() as group:
        thread = group.start(int)
    for o in (group, thread):
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot"):
                copied(o)


def test_subclass():
    class Mine(ThreadGroup):
        def start(self, fn, /, *args, **kwargs):
            return super().start(lambda: fn(*args, **kwargs) + 1)

    with Mine() as group:
        group.start(int, "1")
    assert group.results() == [2]


def test_group_and_results_are_freed():
    """Reference counts do it, without the collector."""
    gc.collect()
    gc.disable()
    try:
        with ThreadGroup() as group:
            thing = group.start(Thing)
        result = weakref.ref(thing.result())
        references = [weakref.ref(group), weakref.ref(thing)]
        assert result() is not None
        del group, thing
        assert [reference() for reference in (*references, result)] == [None] * 3
    finally:
        gc.enable()


def test_errors_are_freed():
    class Mine(Exception):
        pass

    references = []
    try:
        with ThreadGroup() as group:
            thread = group.start(fail, Mine())
            references += [weakref.ref(group), weakref.ref(thread)]
    except* Mine as errors:
        references += [weakref.ref(errors.exceptions[0])]
    del group, thread
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_arguments_are_freed_before_the_end():
    with ThreadGroup() as group:
        thing = Thing()
        reference = weakref.ref(thing)
        thread = group.start(id, thing)
        del thing
        thread._join()
        gc.collect()
        assert reference() is None


def test_thread_that_cannot_be_started(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        other = group.start(sleep_on)
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            group.start(int)
    assert [str(error) for error in caught.value.exceptions] == ["can't start new thread"]
    assert other.done()
    assert repr(group).endswith(": 0 of 1 threads running, stopped>")


def test_results_while_a_thread_cannot_be_started(monkeypatch):
    entered, go = threading.Event(), threading.Event()
    begin = threading.Thread.start

    def start(thread):
        if thread.name != "refused":
            return begin(thread)
        entered.set()
        assert go.wait(LONG)
        raise RuntimeError("can't start new thread")

    with ThreadGroup() as group, monkeypatch.context() as patched:
        group.start(int)
        patched.setattr(threading.Thread, "start", start)
        starter = Task(group.start, int, name="refused")
        assert entered.wait(LONG)
        reader = Task(group.results).until_asleep()
        go.set()
        with pytest.raises(RuntimeError, match="can't start"):
            starter.result()
        assert reader.result() == [0]
    assert group.results() == [0]


def test_start_that_fails_while_the_thread_runs(monkeypatch):
    """The thread belongs to the group nevertheless."""
    entered = Event()
    begin = threading.Thread.start

    def interrupted(thread):
        begin(thread)
        entered.wait()
        raise RuntimeError("interrupted")

    def work():
        entered.set()
        sleep_on()

    before = running()
    with (
        pytest.raises(ExceptionGroup),
        ThreadGroup() as group,
        monkeypatch.context() as patched,
    ):
        patched.setattr(threading.Thread, "start", interrupted)
        group.start(work)
    assert running() <= before
    assert len(group._started()) == 1


@WITH_FORK
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_child_of_a_fork():
    """It does not wait for threads that it does not have."""
    with ThreadGroup() as group:
        group.start(sleep_on)
        until_all_sleep(group)
        pid = os.fork()
        if pid == 0:
            try:
                group.__exit__(None, None, None)
                with ThreadGroup() as ours:
                    ours.start(int)
                os._exit(0 if ours.results() == [0] else 1)
            finally:
                os._exit(2)
        assert os.waitpid(pid, 0)[1] == 0
        group.stop()
