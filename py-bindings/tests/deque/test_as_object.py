"""ConcurrentDeque: its class, handles and weak references."""

import copy
import gc
import inspect
import pickle
import weakref
from types import GenericAlias

import ft_utils
import pytest
from ft_utils.concurrency import ConcurrentDeque
from ft_utils.local import LocalWrapper

from .shared import Sub


@pytest.mark.parametrize("make", [ConcurrentDeque, Sub, lambda: ConcurrentDeque().handle()])
def test_no_copies(make):
    d = make()
    refusals = [copy.copy, copy.deepcopy]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refusals.append(lambda d, protocol=protocol: pickle.dumps(d, protocol))
    for refused in refusals:
        with pytest.raises(TypeError, match=r"cannot copy or pickle .* use copy\(\) for a copy"):
            refused(d)


def test_class():
    assert ConcurrentDeque is ft_utils.ConcurrentDeque
    assert ConcurrentDeque.__module__ == "ft_utils.concurrency"
    assert pickle.loads(pickle.dumps(ConcurrentDeque)) is ConcurrentDeque
    assert isinstance(ConcurrentDeque[int], GenericAlias)
    assert gc.is_tracked(ConcurrentDeque())
    sub = Sub()
    sub.attribute = 1
    assert sub.attribute == 1
    assert repr(Sub([1])) == str(Sub([1])) == "Sub([1])"
    for name in dir(ConcurrentDeque):
        member = getattr(ConcurrentDeque, name)
        if not name.startswith("_"):
            assert inspect.getdoc(member), name
            assert not callable(member) or inspect.signature(member) is not None
    assert str(inspect.signature(ConcurrentDeque.pop)) == "(self, /, *, timeout=0)"


def test_weak_references():
    d = ConcurrentDeque()
    died = weakref.ref(d)
    assert died() is d
    del d
    assert died() is None


def test_through_a_local_wrapper():
    d = ConcurrentDeque("abc")
    local = LocalWrapper(d)
    local.append("d")
    local[0] = "x"
    assert (local[0], len(local), "b" in local, list(local)) == ("x", 4, True, list("xbcd"))
    assert local.popleft(timeout=1) == "x"
    assert local == d


def test_handles():
    d = Sub("ab", 3)
    d.attribute = 1
    handle = d.handle()
    assert type(handle) is ConcurrentDeque
    handle.append("c")
    handle.handle().appendleft("x")
    assert list(d) == list(handle) == ["x", "a", "b"]
    assert handle.maxlen == 3
    died = weakref.ref(d)
    del d
    gc.collect()
    assert died() is not None, "a handle keeps its owner, which shows the items to the collector"
    assert handle.pop() == "b"
    del handle
    assert died() is None
