"""CPython's own tests of set, run against ConcurrentSet.

They are those of the interpreter that runs this, from its package ``test``, which not every
distribution installs.
"""

import importlib.util
import pathlib
import types
import unittest

import pytest
from ft_utils.concurrency import ConcurrentSet

# They are not made for several threads, and some run the collector.
pytestmark = pytest.mark.thread_unsafe(reason="CPython's tests")

# Tests that cannot apply, in all classes, and the reason.
NO_COPY = "copy.deepcopy and pickle are refused, as for all objects that threads share"
AGAIN = "calling __init__() again does nothing, as for ConcurrentDict"
UNHASHABLE = "a set is unhashable, and is not looked up as a frozenset"
NAME = "the name of the class is part of the text"
NOT_APPLICABLE = {
    "test_changingSizeWhileIterating": "iteration goes on while others write",
    "test_contains": UNHASHABLE,
    "test_cyclical_repr": NAME,
    "test_deep_copy": NO_COPY,
    "test_deepcopy": NO_COPY,
    "test_discard": UNHASHABLE,
    "test_do_not_rehash_dict_keys": "hashes are not taken over from other containers",
    "test_init": AGAIN,
    "test_iteration": "an iterator does not know its length, which others change",
    "test_iterator_pickling": NO_COPY,
    "test_keywords_in_subclass": "a subclass with other arguments has a __new__ of its own",
    "test_new_or_init": AGAIN,
    "test_pickling": NO_COPY,
    "test_remove": UNHASHABLE,
    "test_remove_keyerror_set": UNHASHABLE,
    "test_repr": NAME,
    "test_set_membership": UNHASHABLE,
}


def load() -> types.ModuleType:
    """Return CPython's test module, with our class in the place of the builtin."""
    spec = importlib.util.find_spec("test")
    spec = spec and importlib.util.find_spec("test.test_set")
    if spec is None:
        pytest.skip("this interpreter comes without its own tests", allow_module_level=True)
    # Tracebacks find their lines through the module's spec.
    ours = importlib.util.spec_from_file_location("set_tests_of_cpython", spec.origin)
    module = importlib.util.module_from_spec(ours)
    module.set = ConcurrentSet
    exec(compile(pathlib.Path(spec.origin).read_text(), spec.origin, "exec"), module.__dict__)
    return module


def cases(module: types.ModuleType) -> dict[str, type]:
    """Return the test classes, without what cannot apply, and those of frozenset."""
    found = {
        name: case
        for name, case in vars(module).items()
        if isinstance(case, type)
        and issubclass(case, unittest.TestCase)
        and not name.startswith("TestFrozenSet")
    }
    for case in found.values():
        for name, reason in NOT_APPLICABLE.items():
            if hasattr(case, name):
                setattr(case, name, unittest.skip(reason)(lambda self: None))
    return found


globals().update(cases(load()))
