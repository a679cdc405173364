"""LocalWrapper, attacked: in-place operators, and the objects that they replace."""

import operator
import weakref

import pytest
from ft_utils.local import LocalWrapper
from helpers.objects import Thing
from hypothesis import given
from hypothesis import strategies as st

from local_wrapper.operators import IN_PLACE

from .shared import outcome

STEPS = st.lists(
    st.tuples(
        st.sampled_from(IN_PLACE[:8]),
        st.one_of(st.integers(-9, 9), st.floats(-9, 9), st.just("a"), st.just([1])),
        st.booleans(),
    ),
    max_size=8,
)


@given(st.one_of(st.integers(-9, 9), st.just(2.5), st.just("x"), st.builds(list)), STEPS)
def test_in_place_steps_are_those_of_a_variable(start, steps):
    variable = start[:] if isinstance(start, list) else start
    wrapper = alias = LocalWrapper(start[:] if isinstance(start, list) else start)
    for function, operand, is_wrapped in steps:
        expected = outcome(function, variable, operand)
        got = outcome(function, wrapper, LocalWrapper(operand) if is_wrapped else operand)
        if got[0] is LocalWrapper:
            variable = expected[1]
        else:
            assert got == expected
        assert (type(alias.wrapped), repr(alias.wrapped)) == (type(variable), repr(variable))


def test_replaced_object_is_released():
    class Value(Thing):
        def __add__(self, other):
            return Value()

    wrapper = LocalWrapper(Value())
    references = []
    for _ in range(10):
        wrapper += 1
        references.append(weakref.ref(wrapper.wrapped))
    assert [reference() is None for reference in references] == [True] * 9 + [False]
    del wrapper
    assert references[-1]() is None


def test_replaced_in_the_middle_of_an_operation():
    # `in` for a list compares without holding the list: the wrapper has to.
    class Evil:
        def __eq__(self, other):
            nonlocal wrapper
            wrapper |= 1
            return False

    class Items(list):
        def __ior__(self, other):
            return other

    wrapper = LocalWrapper(Items([object() for _ in range(100)]))
    assert not operator.contains(wrapper, Evil())
    assert wrapper.wrapped == 1
    # The same, when it is no longer the object that the wrapper was made with.
    wrapper = LocalWrapper([])
    wrapper = operator.iadd(LocalWrapper(()), tuple(object() for _ in range(100)))
    reference = weakref.ref(wrapper)
    Items.__ior__ = None
    with pytest.raises(TypeError):
        operator.contains(wrapper, Evil())
    assert reference() is wrapper
