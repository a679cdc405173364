"""LocalWrapper, attacked: the methods that a wrapper keeps."""

import pytest
from ft_utils.concurrency import ConcurrentQueue
from ft_utils.local import LocalWrapper

from .shared import outcome


def test_methods_are_kept():
    wrapper = LocalWrapper([1])
    assert wrapper.append is wrapper.append
    assert wrapper.append.__self__ is wrapper.wrapped
    index = wrapper.index
    del wrapper
    assert index(1) == 0


def test_more_methods_than_are_kept():
    text = "text"
    wrapper = LocalWrapper(text)
    names = [name for name in dir(text) if not name.startswith("_") and name != "maketrans"]
    for _ in range(3):
        for name in names:
            assert getattr(wrapper, name) == getattr(text, name)
    assert len(names) > 20


def test_names_that_are_not_interned():
    class Name(str):
        pass

    wrapper = LocalWrapper([1])
    assert getattr(wrapper, "".join(["in", "dex"])) is wrapper.index
    for _ in range(3):
        for make in (lambda: "".join(["in", "dex"]), lambda: Name("index")):
            assert getattr(wrapper, make())(1) == 0
        for make in (lambda: "".join(["wrap", "ped"]), lambda: Name("wrapped")):
            assert getattr(wrapper, make()) == [1]
            with pytest.raises(AttributeError):
                setattr(wrapper, make(), 1)
    for odd in ("", "\udc80", "w", "_", "\x00"):
        assert not hasattr(wrapper, odd)


def test_hash_of_a_name_raises():
    class Name(str):
        def __hash__(self):
            raise ZeroDivisionError

    wrapper = LocalWrapper([1])
    for name in (Name("wrapped"), Name("__class__")):
        with pytest.raises(ZeroDivisionError):
            getattr(wrapper, name)
        with pytest.raises(ZeroDivisionError):
            setattr(wrapper, name, 1)
    assert outcome(getattr, wrapper, Name("index"))[0] is outcome(getattr, [1], Name("index"))[0]


def test_methods_of_what_was_put_there():
    wrapper = LocalWrapper(1)
    assert wrapper.bit_length() == 1
    wrapper += 2**40
    assert wrapper.bit_length() == 41
    wrapper *= 1.5
    assert not hasattr(wrapper, "bit_length")
    assert wrapper.as_integer_ratio()


def test_class_of_the_object_is_changed():
    class One:
        def method(self):
            return 1

    class Two:
        def method(self):
            return 2

    obj = One()
    wrapper = LocalWrapper(obj)
    assert wrapper.method() == 1
    obj.method = lambda: 3
    assert wrapper.method() == 3
    del obj.method
    obj.__class__ = Two
    assert wrapper.method() == 2
    Two.method = lambda self: 4
    assert wrapper.method() == 4


def test_attribute_of_a_queue_hides_a_method():
    q = ConcurrentQueue()
    wrapper = LocalWrapper(q)
    assert [wrapper.size() for _ in range(3)] == [0, 0, 0]
    q.size = lambda: "own"
    assert wrapper.size() == "own"
    del q.size
    assert wrapper.size() == 0


@pytest.mark.thread_unsafe
def test_class_of_ours_is_changed():
    wrapper = LocalWrapper(ConcurrentQueue())
    wrapper.push(1)
    assert wrapper.peek() == 1
    peek = ConcurrentQueue.peek
    ConcurrentQueue.peek = lambda self: "changed"
    try:
        assert wrapper.peek() == "changed"
        assert LocalWrapper(ConcurrentQueue()).peek() == "changed"
    finally:
        ConcurrentQueue.peek = peek
    assert wrapper.peek() == LocalWrapper(wrapper.wrapped).peek() == 1
    del wrapper.wrapped.__class__.peek
    try:
        with pytest.raises(AttributeError):
            wrapper.peek()
    finally:
        ConcurrentQueue.peek = peek
