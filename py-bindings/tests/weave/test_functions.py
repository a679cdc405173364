"""Native destructors: the functions and their arguments."""

import inspect

import ft_utils
import ft_utils._weave as native
import pytest
from ft_utils import weave
from helpers.limits import VERY_LONG
from helpers.objects import without_address

from .shared import FUNCTIONS

# Compilers take their time where other tests run.
pytestmark = pytest.mark.timeout(VERY_LONG)


def test_names():
    assert weave.__doc__ and native.__doc__
    assert set(native.__all__) == {*weave.__all__, "C_API"}
    for name in FUNCTIONS:
        assert inspect.getdoc(getattr(weave, name))
        assert inspect.getdoc(getattr(native, name))
        assert inspect.signature(getattr(native, name)) is not None
        assert name not in ft_utils.__all__


BAD_COUNTS: list[tuple[str, tuple]] = [
    ("register_native_destructor", ()),
    ("register_native_destructor", (0,)),
    ("register_native_destructor", (0, 0, 0)),
    ("unregister_native_destructor", ()),
    ("unregister_native_destructor", (0, 0)),
    ("registered_native_destructors", (0,)),
    ("run_native_destructors", (0,)),
]


@pytest.mark.parametrize("name, arguments", BAD_COUNTS)
def test_wrong_number_of_arguments(name, arguments):
    with pytest.raises(TypeError, match=name):
        getattr(native, name)(*arguments)
    # The same with the gate closed, as it is.
    with pytest.raises(TypeError, match=name):
        getattr(weave, name)(*arguments)


def test_native_functions_are_positional():
    with pytest.raises(TypeError):
        native.register_native_destructor(var=0, destructor=0)
    with pytest.raises(TypeError):
        native.register_native_destructor(0, destructor=0)
    with pytest.raises(TypeError):
        native.unregister_native_destructor(var=0)


class Index:
    def __index__(self) -> int:
        return 0


@pytest.mark.parametrize("bad", ["0", 0.0, None, b"", Index()], ids=without_address)
def test_addresses_are_ints(bad):
    for call in (
        lambda: native.register_native_destructor(bad, 0),
        lambda: native.register_native_destructor(0, bad),
        lambda: native.unregister_native_destructor(bad),
    ):
        with pytest.raises(TypeError, match="an address is an int, not .*" + type(bad).__name__):
            call()
    assert native.registered_native_destructors() == []


@pytest.mark.parametrize("bad", [2**64, -(2**63) - 1, 10**40, -(10**40)])
def test_addresses_fit_in_a_pointer(bad):
    for call in (
        lambda: native.register_native_destructor(bad, 0),
        lambda: native.register_native_destructor(0, bad),
        lambda: native.unregister_native_destructor(bad),
    ):
        with pytest.raises(OverflowError, match="an address is an int from"):
            call()
    assert native.registered_native_destructors() == []


# Any number is accepted. Only the thread's end would tell.
@pytest.mark.parametrize(
    "address, same",
    [
        (0, 0),
        (False, 0),
        (True, 1),
        (1, 1),
        (-1, 2**64 - 1),
        (-(2**63), 2**63),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_addresses(address, same):
    native.register_native_destructor(address, 0)
    assert native.registered_native_destructors() == [(same, 0)]
    assert native.unregister_native_destructor(same) is True
    native.register_native_destructor(same, address)
    assert native.registered_native_destructors() == [(same, same)]
    assert native.unregister_native_destructor(address) is True
    assert native.unregister_native_destructor(address) is False
