"""The methods that subclasses of queues may override, as in the module queue."""

import logging
import logging.handlers
import queue

import pytest
from ft_utils.concurrency import (
    ConcurrentQueue,
    Empty,
    Full,
)
from helpers.objects import without_address

from queues.kinds import EACH_STD, THEIRS

EACH_OR_THEIRS = pytest.mark.parametrize("kind", [*THEIRS, *THEIRS.values()])
HOOKS = pytest.mark.parametrize("hook", ["_init", "_put", "_get", "_qsize"])


def wrapping(kind):
    class Wrapping(kind):
        def put(self, item, block=True, timeout=None):
            super().put((item, block, timeout), block, timeout)
            return "put"

        def get(self, block=True, timeout=None):
            return super().get(block, timeout), block, timeout

    return Wrapping


@EACH_OR_THEIRS
def test_nowait_calls_what_is_overridden(kind):
    q = wrapping(kind)()
    assert q.put_nowait(1) == "put"
    assert q.put_nowait(item=2) == "put"
    assert sorted(q.get_nowait() for _ in range(2)) == [
        ((1, False, None), False, None),
        ((2, False, None), False, None),
    ]
    with pytest.raises(queue.Empty):
        q.get_nowait()


@EACH_OR_THEIRS
def test_subclass_without_methods(kind):
    class Plain(kind):
        pass

    q = Plain(maxsize=1)
    assert q.put_nowait(1) is None
    with pytest.raises(Full):
        q.put_nowait(2)
    assert q.get_nowait() == 1
    with pytest.raises(Empty):
        q.get_nowait()
    for call in (q.put_nowait, lambda: q.put_nowait(1, 2), lambda: q.get_nowait(1)):
        with pytest.raises(TypeError):
            call()


@EACH_OR_THEIRS
def test_what_is_overridden_later(kind):
    class Late(kind):
        pass

    q, other = Late(), Late()
    Late.put = lambda self, item, block: kind.put(self, ("class", item))
    q.put_nowait(1)
    assert q.get_nowait() == ("class", 1)
    other.get = lambda block: "instance"
    assert other.get_nowait() == "instance"


@EACH_OR_THEIRS
def test_what_they_raise_comes_out(kind):
    class Refuses(kind):
        def put(self, item, block):
            raise LookupError

        get = None

    q = Refuses()
    with pytest.raises(LookupError):
        q.put_nowait(1)
    with pytest.raises(TypeError):
        q.get_nowait()


@EACH_STD
def test_names_of_ours_are_not_affected(kind):
    q = wrapping(kind)()
    q.push(1)
    q.try_push(2)
    q.push_many([3])
    assert sorted([q.pop(), q.try_pop(), *q.pop_many(1)]) == [1, 2, 3]


@EACH_STD
def test_handles_are_of_the_class_itself(kind):
    q = wrapping(kind)()
    q.handle().put_nowait(1)
    assert q.handle().get_nowait() == 1


@EACH_OR_THEIRS
def test_handler_of_logs(kind):
    class Counting(kind):
        n = 0

        def put(self, item, block=True, timeout=None):
            self.n += 1
            super().put((self.n, item), block, timeout)

    q = Counting()
    log = logging.Logger("x")
    log.addHandler(logging.handlers.QueueHandler(q))
    for _ in range(3):
        log.warning("hi")
    assert q.n == 3


# The hooks


@EACH_STD
@HOOKS
def test_hooks_are_refused(kind, hook):
    message = rf"^Sub overrides {hook}, which Std.* does not call: override put"
    with pytest.raises(TypeError, match=message):
        type("Sub", (kind,), {hook: lambda self, *args: None})

    class Mixin:
        pass

    setattr(Mixin, hook, None)
    with pytest.raises(TypeError, match=message):
        type("Sub", (Mixin, kind), {})

    class Plain(kind):
        pass

    with pytest.raises(TypeError, match=message):
        type("Sub", (Plain,), {hook: 1})


@HOOKS
def test_base_class_has_no_hooks(hook):
    kind = type("Sub", (ConcurrentQueue,), {hook: lambda self: hook})
    assert getattr(kind(), hook)() == hook


@EACH_STD
def test_other_bases_are_told(kind):
    told = []

    class Mixin:
        def __init_subclass__(cls, /, word=None, **kwargs):
            told.append((cls.__name__, word))
            super().__init_subclass__(**kwargs)

    class First(Mixin, kind, word=1):
        pass

    class Second(kind, Mixin, word=2):
        pass

    assert told == [("First", 1), ("Second", 2)]
    with pytest.raises(TypeError):
        type("Third", (kind,), {}, word=3)


@EACH_STD
def test_their_classes_beside_ours(kind):
    """For isinstance()."""

    class Both(kind, THEIRS[kind]):
        pass

    q = Both()
    q.put_nowait(1)
    assert isinstance(q, queue.Queue)
    assert q.get_nowait() == 1


# The bound that is none


@pytest.mark.parametrize("scaling", [257, 10_000, True + 256])
def test_scaling_that_looks_like_a_bound(scaling):
    with pytest.warns(UserWarning, match=rf"maxsize={scaling}\)") as warned:
        q = ConcurrentQueue(scaling)
    assert warned[0].filename == __file__
    q.push(1)
    assert q.maxsize == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scaling", [None, -(2**40), 0, 1, 256, True], ids=without_address)
def test_scaling_that_does_not(scaling):
    assert ConcurrentQueue(scaling).maxsize == 0


@pytest.mark.filterwarnings("error")
def test_warning_that_is_an_error():
    with pytest.raises(UserWarning):
        ConcurrentQueue(10_000)
    for kind in THEIRS:
        assert kind(10_000).maxsize == 10_000
    assert ConcurrentQueue(maxsize=10_000).maxsize == 10_000
