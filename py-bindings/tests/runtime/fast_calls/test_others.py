"""Entries that pass by PyO3: the other classes."""

import pytest
from ft_utils import (
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    ConcurrentDeque,
    ConcurrentDict,
    ConcurrentGatheringIterator,
    ConcurrentQueue,
    Full,
    StdConcurrentQueue,
)

from .shared import Number


@pytest.mark.parametrize("value", [True, False, 1, 0, "", [0]])
def test_flag(value):
    for flag in (AtomicFlag(True), AtomicFlag(False)):
        assert flag.exchange(value) is not None
        assert flag.get() is bool(flag) is bool(value)
        flag.set(not value)
        assert flag.compare_exchange(not value, value) is True
        assert flag.compare_exchange(not value, value) is False
        flag.set(value=value)
        assert flag.get() is bool(value)


def test_reference():
    a, b = object(), object()
    x = AtomicReference(a)
    assert x.compare_exchange(b, a) is False
    assert x.compare_exchange(a, b) is True
    assert x.compare_and_swap(a, a) is b
    assert x.compare_and_swap(b, a) is b
    assert x.exchange(b) is a
    assert x.set(a) is None
    assert x.get() is a
    for call in (x.set, x.exchange, x.compare_exchange, x.compare_and_swap):
        with pytest.raises(TypeError):
            call()
        with pytest.raises(TypeError):
            call(a, a, a)


@pytest.mark.parametrize("kind", [ConcurrentQueue, StdConcurrentQueue])
def test_queue(kind):
    q = kind()
    put, get = (q.put, q.get) if kind is StdConcurrentQueue else (q.push, q.pop)
    for n in range(200):
        put(n)
    put(200, timeout=1)
    assert [get() for _ in range(100)] == list(range(100))
    assert get(timeout=1) == 100
    q.shutdown()
    assert list(iter(q)) == list(range(101, 201)) if kind is ConcurrentQueue else get() == 101
    bounded = kind(maxsize=1)
    (bounded.put if kind is StdConcurrentQueue else bounded.push)(1)
    with pytest.raises(Full):
        (bounded.put if kind is StdConcurrentQueue else bounded.push)(2, timeout=0.001)


def test_deque_and_gathering():
    d = ConcurrentDeque([1, 2], maxlen=2)
    d.append(3)
    d.appendleft(1)
    assert (d.pop(), d.popleft()) == (2, 1)
    for call in (d.pop, d.popleft):
        with pytest.raises(IndexError):
            call()
    g = ConcurrentGatheringIterator()
    for key in (2, Number(1), 0, -1, 0.5):
        g.insert(key, key)
    assert list(g.iterator(2)) == [0, 1, 2]
    reader = g.iterator(1)
    g.insert(0, "x")
    g.fail(KeyError(5))
    assert next(reader) == "x"
    with pytest.raises(RuntimeError) as err:
        next(reader)
    assert isinstance(err.value.__cause__, KeyError)
    assert next(reader, None) is None


def test_they_are_what_they_were():
    for kind, name in [(AtomicInt64, "set"), (ConcurrentDict, "get"), (ConcurrentQueue, "pop")]:
        method = getattr(kind, name)
        assert type(method).__name__ == "method_descriptor"
        assert (method.__name__, method.__qualname__) == (name, f"{kind.__name__}.{name}")
        assert method.__doc__
        assert method.__text_signature__
        with pytest.raises(TypeError):
            method(object())
