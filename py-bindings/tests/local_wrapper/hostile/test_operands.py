"""LocalWrapper, attacked: every operator with every pair of operands."""

import pytest
from ft_utils.local import LocalWrapper

from .shared import BINARY, outcome, pairs, same


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
def test_every_pair_of_operands(function):
    for left, right in pairs(function):
        expected = outcome(function, left(), right())
        both = outcome(function, LocalWrapper(left()), LocalWrapper(right()))
        assert same(both, expected), (left(), right())
        one = outcome(function, LocalWrapper(left()), right())
        assert same(one, expected), (left(), right())
        deep = outcome(function, LocalWrapper(LocalWrapper(left())), LocalWrapper(right()))
        assert same(deep, expected), (left(), right())
