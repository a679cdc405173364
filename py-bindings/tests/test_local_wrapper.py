"""LocalWrapper: every protocol, against what the wrapped object does by itself."""

import asyncio
import copy
import dataclasses
import functools
import gc
import inspect
import itertools
import math
import operator
import os
import pickle
import struct
import threading
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Generator
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDict, ConcurrentQueue
from ft_utils.local import LocalWrapper
from support import collected

BINARY: list[Callable[[Any, Any], Any]] = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.matmul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.lshift,
    operator.rshift,
    operator.and_,
    operator.or_,
    operator.xor,
    operator.pow,
    divmod,
]
COMPARISONS: list[Callable[[Any, Any], Any]] = [
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]
IN_PLACE: list[Callable[[Any, Any], Any]] = [
    operator.iadd,
    operator.isub,
    operator.imul,
    operator.imatmul,
    operator.itruediv,
    operator.ifloordiv,
    operator.imod,
    operator.ilshift,
    operator.irshift,
    operator.iand,
    operator.ior,
    operator.ixor,
    operator.ipow,
]
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


class Matrix:
    """Implements all the operators of `@`, and says which was used."""

    def __matmul__(self, other: object) -> Any:
        return ("matmul", other) if isinstance(other, int) else NotImplemented

    def __rmatmul__(self, other: object) -> Any:
        return ("rmatmul", other) if isinstance(other, str) else NotImplemented

    def __imatmul__(self, other: object) -> Any:
        return ("imatmul", other)


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """What a call gives: the type and value of the result, or of the exception."""
    try:
        result = function(*args)
    except Exception as err:
        return type(err), str(err)
    return type(result), result


def name(value: Any) -> str:
    return getattr(value, "__name__", None) or type(value).__name__


# Construction and the class


def test_takes_exactly_one_object() -> None:
    make: Any = LocalWrapper
    obj = object()
    assert LocalWrapper(obj).wrapped is obj
    assert make(wrapped=obj).wrapped is obj
    assert LocalWrapper.__new__(LocalWrapper, obj).wrapped is obj
    for args, kwargs in [((), {}), ((1, 2), {}), ((1,), {"wrapped": 1}), ((1,), {"other": 1})]:
        with pytest.raises(TypeError):
            make(*args, **kwargs)
    wrapper = LocalWrapper(obj)
    wrapper.__init__(3)  # type: ignore[misc]
    assert wrapper.wrapped is obj


def test_class() -> None:
    assert LocalWrapper.__name__ == LocalWrapper.__qualname__ == "LocalWrapper"
    assert LocalWrapper.__module__ == "ft_utils.local"
    assert LocalWrapper.__bases__ == (object,)
    assert LocalWrapper.__doc__
    assert pickle.loads(pickle.dumps(LocalWrapper)) is LocalWrapper
    assert inspect.getdoc(LocalWrapper.wrapped)
    assert str(inspect.signature(LocalWrapper)) == "(wrapped)"
    for attribute, value in vars(LocalWrapper).items():
        if isinstance(value, types.MethodDescriptorType):
            assert value.__qualname__ == f"LocalWrapper.{attribute}"
            assert value.__doc__
            assert "self" in inspect.signature(value).parameters
    with pytest.raises(TypeError):
        LocalWrapper.own = 1


def test_subscription() -> None:
    alias: Any = LocalWrapper[int]
    assert alias.__origin__ is LocalWrapper
    assert alias.__args__ == (int,)
    obj = types.SimpleNamespace()
    assert alias(obj).wrapped is obj
    assert vars(obj) == {}


def test_is_not_an_instance_of_the_wrapped_type() -> None:
    wrapper: Any = LocalWrapper(5)
    assert wrapper.__class__ is LocalWrapper
    assert not isinstance(wrapper, int)


def test_subclass() -> None:
    class Sub(LocalWrapper[Any]):
        __slots__ = ()

        def own(self) -> str:
            return "own"

    wrapper = Sub([1])
    assert wrapper.own() == "own"
    assert wrapper + LocalWrapper([2]) == LocalWrapper([1]) + Sub([2]) == [1, 2]
    assert wrapper.index(1) == 0
    assert repr(wrapper) == "<Sub: [1]>"
    assert type(copy.copy(wrapper)) is type(copy.deepcopy(wrapper)) is Sub


def test_weak_reference_is_to_the_wrapper() -> None:
    obj = {1}
    wrapper = LocalWrapper(obj)
    reference = weakref.ref(wrapper)
    proxy: Any = weakref.proxy(wrapper)
    assert reference() is wrapper
    assert proxy | {2} == {2} | proxy == LocalWrapper({2}) | proxy == {1, 2}
    del wrapper
    assert reference() is None


def test_cycle_is_collected() -> None:
    class Node:
        me: object

    node = Node()
    node.me = LocalWrapper(node)
    assert gc.is_tracked(node.me)
    assert node in gc.get_referents(node.me)
    reference = weakref.ref(node)
    del node
    assert collected(reference)


# Attributes


class Plain:
    """The documentation of Plain."""

    shared = "class"

    def __init__(self) -> None:
        self.x = 1
        self.reads = 0

    def method(self, *args: int, **kwargs: int) -> object:
        return self, args, kwargs

    @classmethod
    def maker(cls) -> object:
        return cls

    @staticmethod
    def static() -> str:
        return "static"

    @property
    def half(self) -> int:
        return self.x // 2

    @half.setter
    def half(self, value: int) -> None:
        self.x = 2 * value

    @property
    def broken(self) -> int:
        self.reads += 1
        raise ZeroDivisionError("broken")

    @property
    def missing(self) -> int:
        self.reads += 1
        raise AttributeError("inner")


def test_attributes_are_those_of_the_wrapped_object() -> None:
    obj = Plain()
    wrapper = LocalWrapper(obj)
    assert (wrapper.x, wrapper.shared, wrapper.static()) == (1, "class", "static")
    assert wrapper.method(1, a=2) == (obj, (1,), {"a": 2})
    assert wrapper.maker() is Plain
    wrapper.x = 8
    assert obj.x == 8
    wrapper.half = 2
    assert obj.x == 4 == 2 * wrapper.half
    wrapper.new = obj.x
    assert vars(wrapper) == vars(obj) == {"x": 4, "reads": 0, "new": 4}
    del wrapper.new
    assert not hasattr(obj, "new")
    assert getattr(wrapper, "new", 3) == 3
    assert wrapper.__module__ == Plain.__module__ == __name__
    assert wrapper.__doc__ == Plain.__doc__


@pytest.mark.parametrize("attribute", ["missing", "broken"])
def test_getter_runs_once(attribute: str) -> None:
    obj = Plain()
    expected = outcome(getattr, obj, attribute)
    obj.reads = 0
    assert outcome(getattr, LocalWrapper(obj), attribute) == expected
    assert obj.reads == 1


def test_keyboard_interrupt_in_a_getter_is_not_swallowed() -> None:
    class Interrupted:
        @property
        def x(self) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _ = LocalWrapper(Interrupted()).x


@pytest.mark.parametrize("obj", [5, [], None, int, Plain(), math], ids=name)
def test_errors_of_attributes(obj: Any) -> None:
    wrapper = LocalWrapper(obj)
    assert outcome(getattr, wrapper, "nothing") == outcome(getattr, obj, "nothing")
    assert outcome(delattr, wrapper, "nothing") == outcome(delattr, obj, "nothing")
    if obj is not math and not isinstance(obj, Plain):
        assert outcome(setattr, wrapper, "nothing", 1) == outcome(setattr, obj, "nothing", 1)
    assert not hasattr(wrapper, "nothing")
    for access in (getattr, delattr):
        assert outcome(access, wrapper, 5) == outcome(access, obj, 5)
    with pytest.raises(AttributeError) as raised:
        _ = wrapper.nothing
    assert raised.value.obj is obj
    assert raised.value.__context__ is None


def test_wrapped_is_read_only() -> None:
    obj = Plain()
    wrapper: Any = LocalWrapper(obj)
    with pytest.raises(AttributeError):
        wrapper.wrapped = 5
    with pytest.raises(AttributeError):
        del wrapper.wrapped
    with pytest.raises(AttributeError):
        wrapper.__class__ = int
    assert vars(obj) == {"x": 1, "reads": 0}
    assert wrapper.wrapped is obj


def test_wrapped_object_decides_on_its_attributes() -> None:
    class Custom:
        def __init__(self) -> None:
            object.__setattr__(self, "log", [])

        def __getattribute__(self, attribute: str) -> Any:
            if attribute == "real":
                return "from __getattribute__"
            return object.__getattribute__(self, attribute)

        def __getattr__(self, attribute: str) -> str:
            return f"{attribute}?"

        def __setattr__(self, attribute: str, value: object) -> None:
            self.log.append((attribute, value))

        def __delattr__(self, attribute: str) -> None:
            self.log.append(attribute)

        def __dir__(self) -> list[str]:
            return ["listed"]

    wrapper = LocalWrapper(Custom())
    assert (wrapper.real, wrapper.other) == ("from __getattribute__", "other?")
    wrapper.x = 1
    del wrapper.y
    assert wrapper.log == [("x", 1), "y"]
    assert {"listed", "wrapped", "__add__"} <= set(dir(wrapper))


def test_frozen_dataclass_stays_frozen() -> None:
    @dataclasses.dataclass(frozen=True)
    class Frozen:
        x: int

    wrapper = LocalWrapper(Frozen(1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        wrapper.x = 2
    assert dataclasses.replace(wrapper.wrapped, x=3) == Frozen(3)


def test_wrapped_class() -> None:
    class Local(Plain):
        x: int

        @classmethod
        def own(cls) -> object:
            return cls

        def __len__(self) -> int:
            return 1

    wrapper: Any = LocalWrapper(Local)
    instance = wrapper()
    assert type(instance) is Local
    assert wrapper.own() is wrapper.maker() is Local
    assert wrapper.__name__ == "Local"
    assert wrapper.__bases__ == (Plain,)
    assert wrapper.__annotations__ == {"x": int}
    assert isinstance(instance, wrapper)
    assert not isinstance(5, wrapper)
    assert issubclass(Local, wrapper)
    assert len(instance) == 1
    wrapper.method = lambda self: "replaced"
    wrapper.__len__ = lambda self: 2
    assert instance.method() == "replaced"
    assert len(instance) == 2
    assert LocalWrapper(list)[int] == list[int]
    assert LocalWrapper(dict).fromkeys([1]) == {1: None}
    with pytest.raises(TypeError):
        wrapper.__class_getitem__(int)[str]
    with pytest.raises(TypeError):
        types.new_class("Derived", (wrapper,))


def test_wrapped_module_and_function() -> None:
    assert LocalWrapper(math).pi == math.pi

    def function(a: int, b: str = "") -> tuple[int, str]:
        """Documented."""
        return a, b

    wrapper = LocalWrapper(function)
    assert inspect.signature(wrapper) == inspect.signature(function)
    assert functools.partial(wrapper, 1)(b="x") == (1, "x")
    wrapping = functools.wraps(wrapper)(lambda: None)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        assert getattr(wrapping, attribute) == getattr(function, attribute)


def test_wrapper_in_a_class_is_not_bound() -> None:
    class Owner:
        function = LocalWrapper(lambda *args: args)
        prop = LocalWrapper(property(lambda self: 5))

    assert Owner().function(1) == (1,)
    assert type(Owner().prop) is LocalWrapper


# Operators

NUMBERS: list[tuple[Any, Any]] = [
    (7, 2),
    (7, 0),
    (7, -2),
    (5.5, 2),
    (7, 2.5),
    (Fraction(1, 2), 1),
    (1, Fraction(1, 2)),
    (Decimal(3), 2),
    (1j, 2),
    ("ab", 2),
    (2, "ab"),
    ("%s", "x"),
    ([1], [2]),
    ((1,), 2),
    ([1], "x"),
    ({1}, {2}),
    ({1: 2}, {3: 4}),
    (b"a", b"b"),
    (bytearray(b"a"), b"b"),
    (Matrix(), 5),
    ("left", Matrix()),
    (5, Matrix()),
    (None, 1),
]


@pytest.mark.parametrize("function", [*BINARY, *COMPARISONS], ids=name)
@pytest.mark.parametrize(("left", "right"), NUMBERS)
def test_binary_operators(function: Callable[[Any, Any], Any], left: Any, right: Any) -> None:
    expected = outcome(function, left, right)
    assert outcome(function, LocalWrapper(left), right) == expected
    assert outcome(function, LocalWrapper(left), LocalWrapper(right)) == expected
    assert outcome(function, LocalWrapper(LocalWrapper(left)), LocalWrapper(right)) == expected
    reflected = outcome(function, left, LocalWrapper(right))
    # The left operand sees the wrapper first: it may speak of it when it refuses. Text takes all
    # that has items for the mapping that `%` can do with, old Fractions raise to any power.
    greedy = (
        (str, operator.mod),
        (bytes, operator.mod),
        (bytearray, operator.mod),
        (Fraction, operator.pow),
    )
    if reflected != expected and (type(left), function) not in greedy:
        assert reflected[0] is expected[0] is TypeError


@pytest.mark.parametrize("function", IN_PLACE, ids=name)
@pytest.mark.parametrize(("left", "right"), NUMBERS)
@pytest.mark.parametrize("wrap", [lambda x: x, LocalWrapper], ids=["plain", "wrapped"])
def test_in_place_operators(
    function: Callable[[Any, Any], Any], left: Any, right: Any, wrap: Callable[[Any], Any]
) -> None:
    expected = outcome(function, copy.copy(left), right)
    obj = copy.copy(left)
    alias = wrapper = LocalWrapper(obj)
    kind, value = outcome(function, wrapper, wrap(right))
    if kind is LocalWrapper:
        assert value is alias is wrapper
        assert (type(wrapper.wrapped), wrapper.wrapped) == expected
        if isinstance(left, list | set | dict | bytearray):
            assert wrapper.wrapped is obj
    else:
        assert (kind, value) == expected
        assert wrapper.wrapped is obj


def test_in_place_statement() -> None:
    original = [1]
    wrapper: LocalWrapper[Any] = LocalWrapper(original)
    alias = wrapper
    wrapper += [2]
    wrapper *= 2
    assert alias is wrapper
    assert wrapper.wrapped is original == [1, 2, 1, 2]
    box: LocalWrapper[Any] = LocalWrapper(7)
    box //= 2
    assert type(box) is LocalWrapper
    assert box.wrapped == 3
    outer: LocalWrapper[Any] = LocalWrapper(box)
    outer += 1
    assert outer.wrapped is box
    assert box.wrapped == 4


def test_division_leaves_the_wrapper_alone() -> None:
    wrapper = LocalWrapper(8)
    assert (wrapper // 3, wrapper / 4) == (2, 2.0)
    assert type(wrapper // 3) is int
    assert wrapper.wrapped == 8


def test_reflected_methods_by_name() -> None:
    wrapper = LocalWrapper(3)
    assert wrapper.__radd__(8) == 11
    assert wrapper.__rsub__(8) == 5
    assert wrapper.__rpow__(2) == 8
    assert wrapper.__rpow__(2, 5) == 3
    assert wrapper.__rdivmod__(LocalWrapper(8)) == (2, 2)


def test_power_with_a_modulus() -> None:
    for wrap in itertools.product([int, LocalWrapper], repeat=3):
        base, exponent, modulus = (make(n) for make, n in zip(wrap, (2, 5, 7), strict=True))
        assert pow(base, exponent, modulus) == 4
    assert outcome(pow, LocalWrapper(2), 5, 0) == outcome(pow, 2, 5, 0)
    assert outcome(pow, LocalWrapper(2.5), 5, 7) == outcome(pow, 2.5, 5, 7)


def test_concat() -> None:
    concat: Any = operator.concat
    iconcat: Any = operator.iconcat
    assert concat(LocalWrapper([1]), LocalWrapper([2])) == [1, 2]
    wrapper = LocalWrapper([1])
    assert iconcat(wrapper, [2]) is wrapper
    assert wrapper.wrapped == [1, 2]


# Comparison, hash, text and conversions


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


# Containers and iterators

CONTAINERS: list[Any] = [
    [1, 2],
    (1, 2),
    "12",
    b"12",
    {1: 2},
    OrderedDict({1: 2}),
    types.MappingProxyType({1: 2}),
    {1, 2},
    frozenset({1}),
    {1: 2}.items(),
    range(3),
    deque([1]),
    5,
    None,
]


@pytest.mark.parametrize("obj", CONTAINERS, ids=name)
@pytest.mark.parametrize("key", [0, 1, -1, 9, slice(0, 1), "1", [], None], ids=repr)
def test_items(obj: Any, key: Any) -> None:
    for function in (operator.getitem, operator.contains):
        assert outcome(function, LocalWrapper(obj), key) == outcome(function, obj, key)
        if key.__hash__:
            inner = LocalWrapper(LocalWrapper(obj))
            assert outcome(function, inner, key) == outcome(function, obj, key)
    changes: list[Any] = [(operator.setitem, (key, [7])), (operator.delitem, (key,))]
    for function, args in changes:
        try:
            one, two = copy.copy(obj), copy.copy(obj)
        except TypeError:
            continue
        assert outcome(function, LocalWrapper(one), *args) == outcome(function, two, *args)
        assert one == two


def test_membership_inserts_nothing() -> None:
    obj: defaultdict[str, int] = defaultdict(int)
    assert "a" not in LocalWrapper(obj)
    assert LocalWrapper("a") not in LocalWrapper(obj)
    assert not obj
    assert LocalWrapper("a") in LocalWrapper("abc")


def test_python_sequence() -> None:
    class Sequence:
        def __getitem__(self, index: Any) -> Any:
            if index in (0, 1, -7) or isinstance(index, slice):
                return index
            raise IndexError(index)

    wrapper = LocalWrapper(Sequence())
    assert (wrapper[-7], wrapper[1:2:3]) == (-7, slice(1, 2, 3))
    assert list(wrapper) == [0, 1]
    assert 1 in wrapper
    assert outcome(len, wrapper) == outcome(len, wrapper.wrapped)


def test_iteration() -> None:
    iterator = iter(LocalWrapper([1, 2]))
    assert type(iterator) is type(iter([]))
    first, *rest = LocalWrapper("abc")
    assert (first, rest) == ("a", ["b", "c"])
    assert list(reversed(LocalWrapper({1: 2, 3: 4}))) == [3, 1]
    assert sorted(LocalWrapper({2, 1})) == [1, 2]
    assert sum([LocalWrapper(1), LocalWrapper(2)]) == 3
    assert dict(LocalWrapper({"a": 1})) == dict(**LocalWrapper({"a": 1})) == {"a": 1}
    assert dict(LocalWrapper([("a", 1)])) == {"a": 1}
    assert operator.length_hint(LocalWrapper(iter([1, 2]))) == 2
    assert operator.length_hint(LocalWrapper([1])) == 1


def test_next() -> None:
    def generator() -> Generator[int, str, str]:
        received = yield 1
        return received

    wrapper = LocalWrapper(generator())
    assert next(wrapper) == 1
    with pytest.raises(StopIteration) as stop:
        wrapper.send("sent")
    assert stop.value.value == "sent"
    wrapper = LocalWrapper(generator())
    next(wrapper)
    with pytest.raises(StopIteration) as stop:
        next(wrapper)
    assert stop.value.value is None
    assert next(wrapper, "default") == "default"
    for obj in ([1], 5, "abc"):
        assert outcome(next, LocalWrapper(obj)) == outcome(next, obj)


def test_next_keeps_the_value_of_the_return() -> None:
    def generator() -> Generator[int, None, str]:
        yield from ()
        return "value"

    with pytest.raises(StopIteration) as stop:
        next(LocalWrapper(generator()))
    assert stop.value.value == "value"


# Calls and contexts


def test_call() -> None:
    def function(*args: object, **kwargs: object) -> object:
        return args, kwargs

    wrapper = LocalWrapper(function)
    assert callable(wrapper)
    assert wrapper(1, self=2, wrapped=3) == ((1,), {"self": 2, "wrapped": 3})
    objects: list[Any] = [5, len, math.sqrt]
    for obj in objects:
        assert outcome(LocalWrapper(obj), "x", "y") == outcome(obj, "x", "y")


class Context:
    """A context manager that can suppress a ZeroDivisionError."""

    def __init__(self) -> None:
        self.log: list[object] = []

    def __enter__(self) -> str:
        self.log.append("enter")
        return "entered"

    def __exit__(self, kind: object, *rest: object) -> bool:
        self.log.append(kind)
        return kind is ZeroDivisionError


def test_context_manager() -> None:
    obj = Context()
    with LocalWrapper(LocalWrapper(obj)) as value:
        assert value == "entered"
    with LocalWrapper(obj):
        _ = 1 / 0
    with pytest.raises(KeyError), LocalWrapper(obj):
        raise KeyError
    assert obj.log == ["enter", None, "enter", ZeroDivisionError, "enter", KeyError]
    lock = threading.Lock()
    with LocalWrapper(lock):
        assert lock.locked()
    assert not lock.locked()


def test_not_a_context_manager() -> None:
    class NoExit:
        entered = False

        def __enter__(self) -> None:
            self.entered = True

    half = NoExit()
    for obj, missing in ((5, "__enter__"), (LocalWrapper(5), "__enter__"), (half, "__exit__")):
        with pytest.raises(AttributeError, match=missing), LocalWrapper(obj):
            pytest.fail("entered")
    assert not half.entered


def test_enter_that_fails() -> None:
    class Failing:
        def __enter__(self) -> None:
            raise AttributeError("mine")

        def __exit__(self, *args: object) -> None:
            pytest.fail("left")

    with pytest.raises(AttributeError, match="mine"), LocalWrapper(Failing()):
        pytest.fail("entered")


class AsyncContext:
    """Like Context, and an asynchronous iterator that gives one item."""

    def __init__(self) -> None:
        self.log: list[object] = []

    async def __aenter__(self) -> str:
        return "entered"

    async def __aexit__(self, kind: object, *rest: object) -> bool:
        self.log.append(kind)
        return kind is ZeroDivisionError

    def __aiter__(self) -> "AsyncContext":
        return self

    async def __anext__(self) -> str:
        if self.log:
            raise StopAsyncIteration
        self.log.append("item")
        return "item"


def test_coroutines() -> None:
    async def double(x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    @types.coroutine
    def old_style() -> Generator[None, None, str]:
        yield
        return "old"

    async def main() -> None:
        assert await LocalWrapper(double)(2) == 4
        assert await LocalWrapper(double(3)) == 6
        assert await LocalWrapper(LocalWrapper(old_style())) == "old"
        assert await asyncio.wait_for(LocalWrapper(double(4)), 10) == 8
        obj = AsyncContext()
        assert [item async for item in LocalWrapper(obj)] == ["item"]
        with pytest.raises(StopAsyncIteration):
            await anext(LocalWrapper(obj))
        async with LocalWrapper(obj) as value:
            assert value == "entered"
            _ = 1 / 0
        assert obj.log == ["item", ZeroDivisionError]
        with pytest.raises(TypeError, match="int"):
            await LocalWrapper(5)
        with pytest.raises(TypeError, match="int"):
            async for _ in LocalWrapper(5):
                pass
        with pytest.raises(TypeError, match="int"):
            async with LocalWrapper(5):
                pass

    asyncio.run(main())


# Copies


def test_copy() -> None:
    class Copied:
        def __copy__(self) -> str:
            return "copy"

        def __deepcopy__(self, memo: object) -> str:
            return "deep copy"

    items = [[1]]
    wrapper = LocalWrapper(items)
    assert copy.copy(wrapper).wrapped is items
    deep = copy.deepcopy(wrapper)
    assert type(deep) is LocalWrapper
    assert deep.wrapped == items
    assert deep.wrapped[0] is not items[0]
    custom = Copied()
    assert copy.copy(LocalWrapper(custom)).wrapped is custom
    assert repr(copy.deepcopy(LocalWrapper(custom))) == "<LocalWrapper: 'deep copy'>"
    shared: list[Any] = copy.deepcopy([items, wrapper])
    assert shared[1].wrapped is shared[0]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol: int) -> None:
    loaded = pickle.loads(pickle.dumps(LocalWrapper(LocalWrapper([1])), protocol))
    assert repr(loaded) == "<LocalWrapper: <LocalWrapper: [1]>>"
    lock = threading.Lock()
    dump = functools.partial(pickle.dumps, protocol=protocol)
    assert outcome(dump, LocalWrapper(lock)) == outcome(dump, lock)


# Nesting


def test_nested() -> None:
    obj = Plain()
    inner = LocalWrapper(obj)
    outer = LocalWrapper(inner)
    assert outer.wrapped is inner
    outer.x = 5
    assert (obj.x, outer.x) == (5, 5)
    del outer.x
    assert not hasattr(obj, "x")
    assert outer == obj
    assert hash(outer) == hash(obj)


# Our own classes, and threads


def test_around_the_shared_classes() -> None:
    counter = LocalWrapper(AtomicInt64(5))
    assert counter.incr() == 6
    assert (int(counter), f"{counter}", counter == 6) == (6, "6", True)
    assert operator.gt(7, counter)
    assert counter // 4 == 1
    counter += 1
    assert type(counter.wrapped) is AtomicInt64
    table = LocalWrapper(ConcurrentDict[Any, Any](4))
    table["a"] = 1
    assert table["a"] == len(table) == 1
    assert "a" in table
    assert "b" not in table
    del table["a"]
    assert not table
    queue = LocalWrapper(ConcurrentQueue[Any](4))
    item = [1]
    queue.push(item)
    popped = queue.pop_local()
    assert type(popped) is LocalWrapper
    assert popped.wrapped is item
    assert queue.wrapped.__class__ is ConcurrentQueue


THREADS = 4
ROUNDS = 2000


def run(work: Callable[[], None]) -> None:
    """Runs it in all threads at once, and raises what it raised."""
    barrier = threading.Barrier(THREADS)
    errors: list[BaseException] = []

    def target() -> None:
        try:
            barrier.wait()
            work()
        except BaseException as err:
            errors.append(err)

    threads = [threading.Thread(target=target) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_wrapper_per_thread() -> None:
    counter = AtomicInt64()
    table = ConcurrentDict[int, int]()

    def work() -> None:
        local_counter, local_table = LocalWrapper(counter), LocalWrapper(table)
        for _ in range(ROUNDS):
            local_table[local_counter.incr()] = 1

    run(work)
    assert counter == len(table) == THREADS * ROUNDS
    assert LocalWrapper(table)[ROUNDS] == 1


def test_a_shared_wrapper_is_never_torn() -> None:
    wrapper: LocalWrapper[Any] = LocalWrapper(10**30)

    def work() -> None:
        mine = wrapper
        for _ in range(ROUNDS):
            mine += 1
            assert type(mine.wrapped) is int
            assert mine > 10**30
            assert repr(mine).startswith("<LocalWrapper: 1")

    run(work)
    assert 10**30 < wrapper.wrapped <= 10**30 + THREADS * ROUNDS


def test_wrappers_from_a_queue() -> None:
    queue = ConcurrentQueue[Any]()
    total = AtomicInt64()
    for i in range(THREADS * ROUNDS):
        queue.push(i)

    def work() -> None:
        for _ in range(ROUNDS):
            total.fetch_add(operator.index(queue.pop_local()))

    run(work)
    assert total == sum(range(THREADS * ROUNDS))
