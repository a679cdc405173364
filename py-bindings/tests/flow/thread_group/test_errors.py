"""ThreadGroup: what the block raises."""

import threading
import traceback

import pytest
from ft_utils import ConcurrentQueue, Event, Stopped, ThreadGroup

from .shared import fail, sleep_on, until_all_sleep


def test_results_in_order():
    go = Event()
    with ThreadGroup() as group:
        first = group.start(go.wait)
        second = group.start(divmod, 7, 2)
        assert second.result() == (3, 1)
        assert second.done() and not first.done()
        assert group.threads == [first]
        group.start(int, "11", base=2)
        go.set()
    assert group.results() == [True, (3, 1), 3]
    assert not group.stopping.is_set()
    assert group.threads == []


def test_error_of_a_thread_stops_the_others():
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        others = [group.start(sleep_on) for _ in range(3)]
        until_all_sleep(group)
        failed = group.start(fail, ValueError("bad"))
        sleep_on()
        pytest.fail("the block goes on")
    (error,) = caught.value.exceptions
    assert str(error) == "bad"
    assert "in fail" in "".join(traceback.format_exception(error))
    for other in others:
        with pytest.raises(Stopped):
            other.result()
    with pytest.raises(ValueError, match="bad"):
        failed.result()
    with pytest.raises(Stopped):
        group.results()
    assert group.stopping.is_set()


def test_error_of_the_block_stops_the_threads():
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        group.start(sleep_on)
        fail(KeyError("body"))
    assert [repr(error) for error in caught.value.exceptions] == ["KeyError('body')"]


def test_errors_of_both():
    def fails_late():
        try:
            sleep_on()
        finally:
            raise OSError("late")

    seen = []
    try:
        with ThreadGroup() as group:
            group.start(fails_late)
            until_all_sleep(group)
            raise KeyError("body")
    except* KeyError as errors:
        seen += errors.exceptions
    except* OSError as errors:
        seen += errors.exceptions
    assert [type(error) for error in seen] == [KeyError, OSError]


def test_an_error_counts_once():
    """The block gets it by result(), and raises it, too."""
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        group.start(fail, ValueError()).result()
    assert len(caught.value.exceptions) == 1


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException])
@pytest.mark.parametrize("where", ["thread", "block"])
def test_no_exception_is_raised_as_itself(kind, where):
    error = kind("mine")
    with pytest.raises(kind) as caught, ThreadGroup() as group:
        group.start(sleep_on)
        if where == "block":
            raise error
        group.start(fail, error)
        sleep_on()
    assert caught.value is error
    assert error.__cause__ is None


def test_no_exception_has_the_others_as_cause():
    def fails_late():
        try:
            sleep_on()
        finally:
            raise OSError("late")

    with pytest.raises(SystemExit) as caught, ThreadGroup() as group:
        group.start(fails_late)
        until_all_sleep(group)
        raise SystemExit(3)
    assert [type(error) for error in caught.value.__cause__.exceptions] == [OSError]


def test_stop_is_no_error():
    with ThreadGroup() as group:
        stopped = group.start(sleep_on)
        returned = group.start(lambda: group.stopping.wait())
        until_all_sleep(group)
        group.stop()
        group.stop()
        sleep_on()
    assert returned.result() is True
    with pytest.raises(Stopped):
        stopped.result()


def test_stopping_may_be_set_directly():
    with ThreadGroup() as group:
        group.start(sleep_on)
        until_all_sleep(group)
        group.stopping.set()


def test_stopped_of_others_is_an_error():
    """Stopped ends a thread quietly only if its group has stopped."""
    mine = Stopped("mine")
    with pytest.raises(Stopped) as caught, ThreadGroup() as group:
        group.start(fail, mine)
        sleep_on()
    assert caught.value is mine


def test_queue_fails_with_the_error():
    bad = ValueError("bad")
    queue, late = ConcurrentQueue(), ConcurrentQueue()
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        assert group.register(queue) is queue
        # It ends by QueueFailed, or by Stopped: both come from the first error.
        group.start(queue.pop)
        group.start(list, queue)
        until_all_sleep(group)
        group.start(fail, bad)
        group.stopping.wait()
        group.register(late)
        queue.push(1)
    assert caught.value.exceptions == (bad,)
    assert queue.failure is bad
    assert late.failure is bad


def test_queue_of_a_group_that_ends_well():
    queue = ConcurrentQueue()
    with ThreadGroup() as group:
        group.register(queue)
    assert queue.failure is None
    queue.push(1)
    group.stop()
    assert not group.stopping.is_set()
    with pytest.raises(RuntimeError, match="has ended"):
        group.register(queue)


def test_queue_whose_fail_fails():
    class Broken:
        def fail(self, error):
            raise LookupError("broken")

    queue = ConcurrentQueue()
    with pytest.raises(ExceptionGroup) as caught, ThreadGroup() as group:
        group.register(Broken())
        group.register(queue)
        raise ValueError
    assert {type(error) for error in caught.value.exceptions} == {ValueError, LookupError}
    assert isinstance(queue.failure, ValueError)


def test_ctrl_c_while_the_block_tells_of_its_error():
    """As a signal handler raises it, before the block waits for its threads."""

    class Interrupted:
        """Is interrupted when the thread of the block tells it for the first time."""

        def __init__(self):
            self.thread, self.told = threading.get_ident(), 0

        def fail(self, error):
            if threading.get_ident() == self.thread:
                self.told += 1
                if self.told == 1:
                    raise KeyboardInterrupt

    interrupted = Interrupted()
    with pytest.raises(KeyboardInterrupt) as caught, ThreadGroup() as group:
        threads = [group.start(sleep_on) for _ in range(3)]
        until_all_sleep(group)
        group.register(interrupted)
        raise ValueError
    # No thread is left, nobody is left uninformed, and no error is lost.
    assert not any(thread._thread.is_alive() for thread in threads)
    assert interrupted.told >= 2
    assert [type(error) for error in caught.value.__cause__.exceptions] == [ValueError]


def test_stop_fails_queues():
    with ThreadGroup() as group:
        queue = group.register(ConcurrentQueue())
        group.stop()
    assert isinstance(queue.failure, Stopped)


def test_bad_arguments():
    with ThreadGroup() as group:
        with pytest.raises(TypeError, match="callable"):
            group.start(3)
        with pytest.raises(TypeError, match="fail"):
            group.register([])
        with pytest.raises(RuntimeError, match="one block"):
            group.__enter__()
        with pytest.raises(ValueError, match="negative"):
            group.start(int).result(-1)
    with pytest.raises(RuntimeError, match="one block"), group:
        pass
    with pytest.raises(RuntimeError, match="block"):
        group.start(int)
    with pytest.raises(RuntimeError, match="block"):
        ThreadGroup().start(int)
