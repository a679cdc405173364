"""fail() of all queues: what the exception says."""

import traceback

import pytest
from ft_utils.concurrency import QueueFailed
from helpers.signals import Stop

from queues.kinds import EACH

from .shared import failed, filled


@EACH
@pytest.mark.parametrize("bad", [None, "text", 3, LookupError, BaseException])
def test_failure_is_an_exception(kind, bad):
    q = kind()
    with pytest.raises(TypeError, match="exception must be an exception, not"):
        q.fail(bad)
    assert q.failure is None
    q.push(1)
    q.fail(KeyboardInterrupt())
    assert isinstance(q.failure, KeyboardInterrupt)
    assert q.pop() == 1
    with pytest.raises(QueueFailed, match=r"^the queue has failed: KeyboardInterrupt$"):
        q.pop()


@EACH
def test_failure_is_told(kind):
    q = failed(filled(kind, 1, maxsize=3))
    assert repr(q) == f"<{kind.__name__} with 1 of 3 items, failed>"
    assert "failed" in repr(q.handle())
    q.pop()
    try:
        q.pop()
    except QueueFailed:
        text = traceback.format_exc()
    assert "ValueError: bad row" in text
    assert "direct cause" in text
    assert text.endswith("QueueFailed: the queue has failed: ValueError: bad row\n")


@EACH
def test_failures_of_a_chain_of_queues(kind):
    error = ValueError("bad row")
    for _ in range(5):
        q = failed(kind(), error)
        with pytest.raises(QueueFailed) as caught:
            q.pop()
        error = caught.value
    assert str(error).count("the queue has failed") == 5
    assert str(error).endswith("ValueError: bad row")


class Odd(Exception):
    """Has a text that is asked for only once, by the thread that fails."""

    def __init__(self, tell):
        super().__init__()
        self.tell = tell
        self.asked = 0

    def __str__(self):
        self.asked += 1
        return self.tell()


@EACH
def test_text_is_asked_for_once(kind):
    error = Odd(lambda: "odd")
    q = failed(kind(), error)
    for _ in range(3):
        with pytest.raises(QueueFailed, match=r"^the queue has failed: Odd: odd$"):
            q.pop()
    assert error.asked == 1


@EACH
@pytest.mark.parametrize("text", ["", None, "\ud800"])
def test_odd_texts(kind, text):
    q = failed(kind(), Odd(lambda: text))
    with pytest.raises(QueueFailed, match=r"^the queue has failed: Odd"):
        q.pop()


@EACH
def test_text_that_raises(kind):
    def refuse():
        raise LookupError

    def stop():
        raise Stop

    q = failed(kind(), Odd(refuse))
    with pytest.raises(QueueFailed, match=r"^the queue has failed: Odd$"):
        q.pop()
    # A signal, say. It is not lost, and neither is the failure.
    q = kind()
    with pytest.raises(Stop):
        q.fail(Odd(stop))
    assert isinstance(q.failure, Odd)
    with pytest.raises(QueueFailed, match=r"^the queue has failed: Odd$"):
        q.pop()


@EACH
def test_text_may_use_the_queue(kind):
    q = kind()
    inner = ValueError("inner")

    def use():
        q.push(1)
        q.fail(inner)
        return "outer"

    q.fail(Odd(use))
    assert q.failure is inner
    assert q.drain() == [1]
