"""json_default: what json.dumps() makes of the objects of this package."""

import doctest
import json

import ft_utils
import pytest
from ft_utils import (
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    ConcurrentCache,
    ConcurrentCounter,
    ConcurrentDeque,
    ConcurrentDict,
    ConcurrentQueue,
    ConcurrentSet,
    LocalWrapper,
    Lock,
    StripedCounter,
    json_default,
)


def cache():
    made = ConcurrentCache(3)
    made["a"] = 1
    return made


@pytest.mark.parametrize(
    "obj, text",
    [
        (AtomicInt64(-3), "-3"),
        (AtomicFlag(True), "true"),
        (AtomicReference(None), "null"),
        (AtomicReference(AtomicInt64(2)), "2"),
        (StripedCounter(), "0"),
        (ConcurrentDict({"a": [AtomicInt64(1)]}), '{"a": [1]}'),
        (ConcurrentCounter("aa"), '{"a": 2}'),
        (cache(), '{"a": 1}'),
        (ConcurrentSet(["x"]), '["x"]'),
        (ConcurrentDeque([1, 2]), "[1, 2]"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_contents(obj, text):
    assert json.dumps(obj, default=json_default) == text
    assert json.dumps(obj.handle(), default=json_default) == text


@pytest.mark.parametrize("wrapped", [[1], AtomicInt64(1), ConcurrentDict({"a": 1})])
def test_local_wrapper(wrapped):
    direct = json.dumps({"x": wrapped}, default=json_default)
    assert json.dumps({"x": LocalWrapper(wrapped)}, default=json_default) == direct


@pytest.mark.parametrize("obj", [ConcurrentQueue(), Lock(), object(), {1}])
def test_what_has_no_contents_is_refused(obj):
    with pytest.raises(TypeError, match=f"Object of type {type(obj).__name__} is not JSON"):
        json.dumps(obj, default=json_default)


@pytest.mark.thread_unsafe(reason="doctest replaces sys.stdout")
def test_docstring():
    (examples,) = doctest.DocTestFinder(recurse=False).find(
        json_default, "json_default", globs=vars(ft_utils).copy()
    )
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0
