"""ft_compat.h: references of one's own."""

import itertools
import sys
import weakref

import pytest
from helpers.limits import VERY_LONG
from helpers.objects import collected
from helpers.threads import run_threads

from .shared import THREADS

# The extensions' state is one for all threads; and building takes long.
pytestmark = [
    pytest.mark.thread_unsafe,
    pytest.mark.timeout(VERY_LONG),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a compiler called cc"),
]


class Refuses:
    """A key that cannot be compared or hashed without an error."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def __hash__(self) -> int:
        raise self.error("no hash")


# Not interned: other threads of the test runner use interned strings, and count their references.
VALUE = "".join(("val", "ue"))

LOOKUPS = [
    ("PyDict_GetItemRef", {"key": VALUE}),
    ("PyDict_GetItemStringRef", {"key": VALUE}),
    ("PyMapping_GetOptionalItem", {"key": VALUE}),
    ("PyMapping_GetOptionalItemString", {"key": VALUE}),
    ("PyObject_GetOptionalAttr", type("Has", (), {"key": VALUE})),
    ("PyObject_GetOptionalAttrString", type("Has", (), {"key": VALUE})),
]


@pytest.mark.parametrize("name, holder", LOOKUPS)
def test_lookups(module, name, holder):
    lookup = getattr(module, name)
    value = holder["key"] if isinstance(holder, dict) else holder.key
    before = sys.getrefcount(value)
    assert lookup(holder, "key") == (1, "value")
    assert sys.getrefcount(value) == before
    assert lookup(holder, "absent") == (0, ...)


def test_lookups_keep_errors(module):
    with pytest.raises(TypeError, match="unhashable"):
        module.PyDict_GetItemRef({}, [])
    with pytest.raises(KeyError, match="no hash"):
        module.PyDict_GetItemRef({}, Refuses(KeyError))
    with pytest.raises(SystemError):
        module.PyDict_GetItemRef([], "key")
    with pytest.raises(SystemError):
        module.PyDict_GetItemStringRef([], "key")
    with pytest.raises(TypeError):
        module.PyMapping_GetOptionalItem(1, "key")
    with pytest.raises(ZeroDivisionError):
        module.PyObject_GetOptionalAttrString(
            type("Has", (), {"key": property(lambda self: 1 / 0)})(), "key"
        )


def test_lookup_while_an_exception_is_set(module):
    assert module.lookup_with_exception_set({"key": 1}, "key") == (1, 1)
    assert module.lookup_with_exception_set({"key": 1}, "absent") == (0, ...)


@pytest.mark.parametrize(
    "name, holder",
    [
        ("PyDict_ContainsString", {"key": 1}),
        ("PyMapping_HasKeyWithError", {"key": 1}),
        ("PyMapping_HasKeyStringWithError", {"key": 1}),
        ("PyObject_HasAttrWithError", type("Has", (), {"key": 1})),
        ("PyObject_HasAttrStringWithError", type("Has", (), {"key": 1})),
    ],
)
def test_presence(module, name, holder):
    present = getattr(module, name)
    assert present(holder, "key") == (1, ...)
    assert present(holder, "absent") == (0, ...)


def test_presence_keeps_errors(module):
    with pytest.raises(TypeError, match="unhashable"):
        module.PyMapping_HasKeyWithError({}, [])
    with pytest.raises(ZeroDivisionError):
        module.PyObject_HasAttrWithError(
            type("Has", (), {"key": property(lambda self: 1 / 0)})(), "key"
        )


@pytest.mark.parametrize("name", ["PyDict_Pop", "PyDict_PopString"])
def test_pop(module, name):
    pop = getattr(module, name)
    value = ["value"]
    items = {"key": value}
    before = sys.getrefcount(value)
    assert pop(items, "key") == (1, ["value"])
    assert items == {} and sys.getrefcount(value) == before - 1
    assert pop(items, "key") == (0, ...)
    with pytest.raises(SystemError):
        pop([], "key")


def test_pop_keeps_errors(module):
    with pytest.raises(TypeError, match="unhashable"):
        module.PyDict_Pop({1: 1}, [])
    with pytest.raises(KeyError, match="no hash"):
        module.PyDict_Pop({1: 1}, Refuses(KeyError))


def test_pop_is_that_of_dict(module):
    class Mine(dict):
        def pop(self, *_):
            raise AssertionError

    assert module.PyDict_Pop(Mine(key=1), "key") == (1, 1)


def test_set_default(module):
    items: dict = {}
    value = ["value"]
    assert module.PyDict_SetDefaultRef(items, "key", value) == (0, value)
    assert items["key"] is value
    assert module.PyDict_SetDefaultRef(items, "key", []) == (1, value)
    with pytest.raises(TypeError, match="unhashable"):
        module.PyDict_SetDefaultRef(items, [], 1)
    with pytest.raises(SystemError):
        module.PyDict_SetDefaultRef([], "key", 1)


def test_results_may_be_left_out(module):
    items: dict = {}
    module.without_result(items)
    assert items == {}


def test_lists(module):
    items = ["a", "b"]
    assert module.PyList_GetItemRef(items, 1) == "b"
    for index in (2, -1):
        with pytest.raises(IndexError):
            module.PyList_GetItemRef(items, index)
    with pytest.raises(TypeError):
        module.PyList_GetItemRef((1,), 0)
    assert module.PyList_Extend(items, iter("cd")) == (0, ...)
    assert items == ["a", "b", "c", "d"]
    with pytest.raises(TypeError):
        module.PyList_Extend(items, 1)
    assert module.PyList_Clear(items) == (0, ...)
    assert items == []
    with pytest.raises(SystemError):
        module.PyList_Clear(())


def test_weak_references(module):
    class Referent:
        pass

    it = Referent()
    reference = weakref.ref(it)
    assert module.PyWeakref_GetRef(reference) == (1, it)
    del it
    assert collected(reference)
    assert module.PyWeakref_GetRef(reference) == (0, ...)
    with pytest.raises(TypeError):
        module.PyWeakref_GetRef(1)


def test_iterators(module):
    def generate():
        yield 1
        raise ZeroDivisionError

    iterator = generate()
    assert module.PyIter_NextItem(iterator) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        module.PyIter_NextItem(iterator)
    assert module.PyIter_NextItem(iterator) == (0, ...)
    with pytest.raises(TypeError):
        module.PyIter_NextItem([1])


def test_modules_and_frames(module):
    assert module.PyImport_AddModuleRef("sys") is sys
    builtins, globals_, locals_ = module.frame()
    assert builtins["len"] is len
    assert globals_ is globals()
    assert locals_["module"] is module
    it = object()
    assert module.new_references(it) == (it, it)


def test_dictionaries_among_threads(module):
    # Each thread takes what another has put there; whatever is taken was taken once.
    items: dict = {}
    keys = range(50)

    def work(index: int) -> list:
        taken = []
        for turn in range(20):
            for key in keys:
                module.PyDict_SetDefaultRef(items, key, [index, turn])
                found, value = module.PyDict_GetItemRef(items, key)
                assert found == 0 or len(value) == 2
                found, value = module.PyDict_Pop(items, key)
                if found:
                    taken.append(id(value))
                    kept.append(value)
        return taken

    kept: list = []
    taken = list(itertools.chain.from_iterable(run_threads(THREADS, work)))
    assert len(set(taken)) == len(taken) > 0
    assert items == {}
