"""AtomicFlag: what it takes for a truth value."""

import pytest
from ft_utils.concurrency import AtomicFlag
from helpers.objects import without_address

from .shared import VALUES, Bad, Worse


@pytest.mark.parametrize("value", VALUES, ids=without_address)
def test_takes_any_object(value):
    for flag in (AtomicFlag(value), AtomicFlag(value=value)):
        assert flag.get() is bool(value)
        assert bool(flag) is bool(value)


def test_takes_a_flag():
    assert AtomicFlag(AtomicFlag(True))
    assert not AtomicFlag(AtomicFlag(False))


def test_refuses_wrong_arguments():
    for args, kwargs in [((), {}), ((1, 2), {}), ((1,), {"value": 2}), ((), {"other": 3})]:
        with pytest.raises(TypeError):
            AtomicFlag(*args, **kwargs)
    with pytest.raises(LookupError, match="no truth"):
        AtomicFlag(Bad())
    with pytest.raises(TypeError, match="__bool__"):
        AtomicFlag(Worse())


def test_second_init_sets_again():
    flag = AtomicFlag(True)
    flag.__init__(False)
    assert not flag
    flag.__init__(value="yes")
    assert flag
