"""LocalWrapper, attacked: sequences, buffers and calls as C code sees them."""

import bisect
import ctypes
import itertools
import operator
import random
import struct
from collections import UserList, deque

import pytest
from ft_utils.local import LocalWrapper

from .shared import outcome


def test_sequence_for_c_code():
    get, set_, delete = (
        getattr(ctypes.pythonapi, f"PySequence_{name}Item") for name in ("Get", "Set", "Del")
    )
    get.restype = ctypes.py_object
    get.argtypes = [ctypes.py_object, ctypes.c_ssize_t]
    set_.argtypes = [ctypes.py_object, ctypes.c_ssize_t, ctypes.py_object]
    delete.argtypes = [ctypes.py_object, ctypes.c_ssize_t]
    for make in (lambda: [1, 2, 3], lambda: deque([1, 2, 3]), lambda: UserList([1, 2, 3])):
        for index in (-5, -4, -3, -1, 0, 2, 3):
            for deep in (LocalWrapper, lambda x: LocalWrapper(LocalWrapper(x))):
                one, two = make(), make()
                wrapper = deep(two)
                assert outcome(get, wrapper, index) == outcome(get, one, index)
                assert outcome(set_, wrapper, index, 7) == outcome(set_, one, index, 7)
                assert outcome(delete, wrapper, index) == outcome(delete, one, index)
                assert one == two
    mapping = LocalWrapper({0: "zero"})
    assert get(mapping, 0) == "zero"
    set_(mapping, 0, "one")
    delete(mapping, 0)
    assert mapping == {}
    repeat = ctypes.pythonapi.PySequence_Repeat
    repeat.restype = ctypes.py_object
    repeat.argtypes = get.argtypes
    assert repeat(LocalWrapper([1]), 2) == [1, 1]
    repeat = ctypes.pythonapi.PySequence_InPlaceRepeat
    repeat.restype = ctypes.py_object
    repeat.argtypes = get.argtypes
    wrapper = LocalWrapper([1])
    assert repeat(wrapper, 2) is wrapper
    assert wrapper.wrapped == [1, 1]


def test_library_functions_take_a_wrapper():
    items = LocalWrapper([1, 3, 5])
    assert bisect.bisect(items, 3) == 2
    bisect.insort(items, 4)
    assert items.wrapped == [1, 3, 4, 5]
    random.shuffle(items)
    assert sorted(items) == [1, 3, 4, 5]
    assert max(items) == 5
    assert list(zip(items, items, strict=True))
    assert struct.unpack("2s", LocalWrapper(b"ab")) == (b"ab",)
    assert b"".join([LocalWrapper(b"ab")]) == b"ab"
    assert operator.countOf(items, LocalWrapper(3)) == 1
    assert operator.indexOf(LocalWrapper("abc"), "b") == 1
    assert list(map(LocalWrapper(str), LocalWrapper([1]))) == ["1"]
    assert f"{LocalWrapper(5):03}" == "005"
    assert dict.fromkeys(LocalWrapper("ab"), 1) == {"a": 1, "b": 1}
    assert [*itertools.islice(LocalWrapper([1, 2]), LocalWrapper(1))] == [1]


def test_buffer_belongs_to_the_wrapped_object():
    data = bytearray(b"abcd")
    view = memoryview(LocalWrapper(LocalWrapper(data)))
    assert view.obj is data
    with pytest.raises(BufferError):
        data.append(1)
    view.release()
    data.append(1)
    with pytest.raises(TypeError):
        ctypes.c_char.from_buffer(LocalWrapper(b"immutable"))
    with pytest.raises((TypeError, BufferError)):
        memoryview(LocalWrapper([]))


def test_calls():
    def function(*args, **kwargs):
        return args, kwargs

    wrapper = LocalWrapper(function)
    assert wrapper(1, *(2, 3), a=4, **{"b": 5}) == ((1, 2, 3), {"a": 4, "b": 5})
    assert LocalWrapper(wrapper)(1, a=2) == ((1,), {"a": 2})
    assert LocalWrapper(LocalWrapper)(5).wrapped == 5
    for call in (lambda f: f(), lambda f: f(1, 2, 3), lambda f: f(x=1), lambda f: f(1, x=1)):
        for obj in (len, int, dict, [].append, "".join, 5, None, type):
            assert outcome(call, LocalWrapper(obj))[0] is outcome(call, obj)[0]
    names = {f"name{i}": i for i in range(100)}
    assert wrapper(*range(100), **names) == (tuple(range(100)), names)
