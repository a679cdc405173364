"""LocalWrapper: comparison, hash, text and conversions."""

import math
import operator
import os
import struct
from collections import OrderedDict, deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

import pytest
from ft_utils.local import LocalWrapper

from .shared import name, outcome

UNARY: list[Callable[[Any], Any]] = [
    operator.neg,
    operator.pos,
    operator.invert,
    operator.index,
    abs,
    bool,
    bytes,
    complex,
    float,
    format,
    hash,
    int,
    len,
    list,
    math.ceil,
    math.floor,
    math.trunc,
    os.fspath,
    round,
    str,
    lambda x: list(reversed(x)),
]
OBJECTS: list[Any] = [
    7,
    0,
    True,
    2.5,
    1 - 2j,
    Fraction(7, 2),
    Decimal("2.5"),
    "5",
    "",
    b"ab",
    bytearray(b"ab"),
    [1, 2],
    (1, 2),
    {1: 2},
    OrderedDict(a=1),
    {1, 2},
    frozenset({1}),
    {1: 2}.keys(),
    range(3),
    deque([1, 2]),
    None,
    object(),
    PurePosixPath("a"),
    int,
]


@pytest.mark.parametrize("function", UNARY, ids=name)
@pytest.mark.parametrize("obj", OBJECTS, ids=name)
def test_functions_of_one_argument(function: Callable[[Any], Any], obj: Any) -> None:
    wrapper = LocalWrapper(obj)
    expected = outcome(function, obj)
    assert outcome(function, wrapper) == expected
    assert outcome(function, LocalWrapper(wrapper)) == expected


@pytest.mark.parametrize("obj", OBJECTS, ids=name)
def test_repr(obj: Any) -> None:
    wrapper = LocalWrapper(obj)
    assert repr(wrapper) == f"<LocalWrapper: {obj!r}>"
    assert repr(LocalWrapper(wrapper)) == f"<LocalWrapper: <LocalWrapper: {obj!r}>>"


def test_repr_of_a_cycle() -> None:
    items: list[object] = []
    items.append(LocalWrapper(items))
    assert repr(items) == "[<LocalWrapper: [...]>]"


@pytest.mark.parametrize("obj", [5, 2.5, "x", None, Decimal("1.5")], ids=name)
@pytest.mark.parametrize("spec", ["", ">8", "x", ".3f", "no such"])
def test_format(obj: Any, spec: str) -> None:
    assert outcome(format, LocalWrapper(obj), spec) == outcome(format, obj, spec)


def test_custom_format_and_conversions() -> None:
    class Custom:
        def __format__(self, spec: str) -> str:
            return f"<{spec}>"

        def __bytes__(self) -> bytes:
            return b"custom"

        def __round__(self, ndigits: int = -1) -> int:
            return ndigits

    wrapper = LocalWrapper(Custom())
    assert (f"{wrapper}", f"{wrapper:spec}") == ("<>", "<spec>")
    assert bytes(wrapper) == b"custom"
    assert (round(wrapper), round(wrapper, 2)) == (-1, 2)
    assert round(LocalWrapper(2.567), 1) == round(2.567, 1)


def test_identity_is_no_shortcut() -> None:
    wrapper = LocalWrapper(math.nan)
    assert wrapper != wrapper
    assert not operator.eq(wrapper, wrapper)
    assert wrapper in [wrapper]


def test_result_of_a_comparison_is_not_converted() -> None:
    class Odd:
        def __lt__(self, other: object) -> Any:
            return ["less", other]

    assert (LocalWrapper(Odd()) < LocalWrapper(3)) == ["less", 3]
    assert operator.gt(3, LocalWrapper(Odd())) == ["less", 3]


def test_wrapper_is_the_same_key() -> None:
    keys = {"a": 1}
    assert keys[LocalWrapper("a")] == 1  # type: ignore[index]
    assert LocalWrapper("a") in {"a"}
    assert "a" in {LocalWrapper("a")}


def test_wrapper_as_an_index() -> None:
    two = LocalWrapper(2)
    assert "abcd"[two] == "c"
    assert "abcd"[:two] == "ab"
    assert list(range(two)) == [0, 1]
    assert (chr(LocalWrapper(65)), hex(two), math.sqrt(LocalWrapper(4))) == ("A", "0x2", 2.0)


def test_buffer() -> None:
    data = bytearray(b"abcd")
    wrapper: Any = LocalWrapper(data)
    struct.pack_into("b", wrapper, 0, 65)
    view = memoryview(wrapper)
    view[1] = 66
    assert data == b"ABcd" == bytearray(wrapper)
    with pytest.raises(BufferError):
        data.append(1)
    del wrapper
    view.release()
    data.append(1)
    with pytest.raises(TypeError):
        memoryview(LocalWrapper(5))
