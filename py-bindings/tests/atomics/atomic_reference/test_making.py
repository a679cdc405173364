"""AtomicReference: the arguments of its constructor."""

import inspect

import pytest
from ft_utils.concurrency import AtomicReference


def test_constructor_forms():
    thing = object()
    assert AtomicReference().get() is None
    assert AtomicReference(None).get() is None
    assert AtomicReference(thing).get() is thing
    assert AtomicReference(obj=thing).get() is thing
    assert AtomicReference(*[], **{}).get() is None
    assert str(inspect.signature(AtomicReference)) == "(obj=None, *, shared=False)"


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((1, 2), {}), ((1, 2, 3), {}), ((1,), {"obj": 2}), ((), {"obj": 1, "x": 2})],
)
def test_takes_zero_or_one(args, kwargs):
    with pytest.raises(TypeError, match=r"^AtomicReference\(\) .*zero or one argument$"):
        AtomicReference(*args, **kwargs)


def test_no_keyword_is_dropped():
    for name in ("value", "object", "x"):
        with pytest.raises(TypeError, match=r"^AtomicReference\(\) .*obj"):
            AtomicReference(**{name: 1})


def test_second_init_changes_nothing():
    ref = AtomicReference(1)
    ref.__init__(2)
    assert ref.get() == 1
