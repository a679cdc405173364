"""ThreadGroup: groups within groups."""

import contextvars
import weakref

import pytest
from ft_utils import ConcurrentQueue, Event, Stopped, ThreadGroup
from helpers.limits import LONG
from helpers.objects import collected
from helpers.threads import Task

from .shared import fail, sleep_on, until_all_sleep

pytestmark = pytest.mark.thread_unsafe(reason="starts threads")


def test_outer_stop_reaches_the_inner_group():
    inner, entered, after = [], Event(), []

    def work():
        with ThreadGroup() as group:
            inner.append((group, group.start(sleep_on), group.register(ConcurrentQueue())))
            entered.set()
        after.append("the block should have raised Stopped")

    bad = ValueError()
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as outer:
        thread = outer.start(work)
        entered.wait()
        until_all_sleep(outer)
        outer.start(fail, bad)
    assert caught.value.exceptions == (bad,)
    ((group, theirs, queue),) = inner
    assert group.stopping.is_set() and theirs.done()
    assert queue.failure is bad
    assert not after
    with pytest.raises(Stopped):
        thread.result()


def test_outer_stop_reaches_the_block_of_the_inner_group():
    with ThreadGroup() as outer:
        with ThreadGroup() as inner:
            inner.start(sleep_on)
            outer.stop()
            sleep_on()
        pytest.fail("the outer block goes on")
    assert inner.stopping.is_set()


def test_inner_stop_does_not_reach_the_outer_group():
    with ThreadGroup() as outer:
        other = outer.start(sleep_on)
        with ThreadGroup() as inner:
            inner.start(sleep_on)
            inner.stop()
            sleep_on()
        assert not outer.stopping.is_set()
        assert not Event().wait(0.001)
        until_all_sleep(outer)
        assert not other.done()
        outer.stop()
        with pytest.raises(Stopped):
            Event().wait(0.001)


def test_error_of_the_inner_group_stops_the_outer_one():
    def work():
        with ThreadGroup() as group:
            group.start(fail, ValueError("deep"))

    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as outer:
        outer.start(sleep_on)
        outer.start(work)
    assert caught.value.subgroup(ValueError) is not None
    (inner,) = caught.value.exceptions
    assert [str(error) for error in inner.exceptions] == ["deep"]


def test_group_that_begins_late():
    """A block that is entered after the outer group has stopped is stopped, too."""
    with ThreadGroup() as outer:
        outer.stop()
        with ThreadGroup() as inner:
            assert inner.stopping.is_set()
            inner.start(print)
            pytest.fail("a thread was started")


def test_group_in_a_shield_is_not_stopped():
    with ThreadGroup() as outer:
        outer.stop()
        with ThreadGroup.shield(), ThreadGroup() as inner:
            assert inner.start(lambda: Event().wait(0.001)).result() is False


def test_group_that_is_done_when_the_outer_one_stops():
    with ThreadGroup() as outer:
        with ThreadGroup() as inner:
            inner.start(int)
        outer.stop()
        assert inner.results() == [0]


def test_start_from_a_thread_of_another_group():
    """The new thread belongs to the group that starts it, not to the one of its starter."""
    with ThreadGroup() as first:
        with ThreadGroup() as second:
            first.start(lambda: second.start(sleep_on)).result()
            until_all_sleep(second)
            assert len(second.threads) == 1
            second.stop()
        assert not first.stopping.is_set()


def test_threads_start_others_while_the_group_stops():
    def work(depth):
        if depth:
            group.start(work, depth - 1)
            group.start(work, depth - 1)
            if depth == 2:
                fail(ValueError())
        sleep_on()

    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        group.start(work, 6)
    assert {type(error) for error in caught.value.exceptions} == {ValueError}
    assert not group.threads


def test_start_after_a_stop():
    with ThreadGroup() as group:
        group.stop()
        with pytest.raises(Stopped):
            group.start(int)
        outside = Task(group.start, int)
        with pytest.raises(Stopped):
            outside.result()
    assert group.results() == []


def test_who_inherits_the_context_does_not_belong_to_the_group():
    """Without a GIL, from Python 3.14 on, each new thread inherits the context of its starter."""
    waited = []

    def work():
        with ThreadGroup() as own:
            waited.append(own.start(Event().wait, 0.001).result())

    with ThreadGroup() as group:
        context = contextvars.copy_context()
        group.stop()
        Task(context.run, work).result()
    assert waited == [False]
    # The context keeps the group no longer than it lasts.
    reference = weakref.ref(group)
    del group
    assert collected(reference)
    context.run(work)
    assert waited == [False] * 2


def test_blocks_that_end_in_another_order():
    """As with generators that are closed in the order of their start."""

    def generate():
        with ThreadGroup() as group:
            yield group

    first, second = generate(), generate()
    outer, inner = next(first), next(second)
    first.close()
    # It was a block inside of the first one.
    assert inner.stopping.is_set()
    with pytest.raises(Stopped):
        Event().wait(LONG)
    second.close()
    assert outer.stopping.is_set()
    assert not Event().wait(0.001)
