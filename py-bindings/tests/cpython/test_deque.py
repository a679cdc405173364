"""CPython's own tests of collections.deque, run against ConcurrentDeque.

They are those of the interpreter that runs this, from its package ``test``, which not every
distribution installs.
"""

import ast
import importlib.util
import pathlib
import types
import unittest

import pytest
from ft_utils.concurrency import ConcurrentDeque, EmptyDequeError

# They are not made for several threads, and some run the collector.
pytestmark = pytest.mark.thread_unsafe(reason="CPython's tests")

# Classes and single tests that cannot apply, and the reason.
ITERATES = "iteration, count() and the like go by the items at one moment; changes are no error"
NO_COPY = "copy.copy and pickle are refused, as for all objects that threads share"
NO_PICKLE = "pickle is refused, as for all objects that threads share"
AGAIN = "__init__() appends when called again, as that of ft_utils 0.2.0 does"
SIZE = "is about the memory layout of CPython's class"
NOT_APPLICABLE = {
    "TestBasic.test_basics": AGAIN,
    "TestSubclass.test_basics": AGAIN,
    "TestBasic.test_count": ITERATES,
    "TestBasic.test_contains_count_stop_crashes": ITERATES,
    "TestBasic.test_contains_count_index_stop_crashes": ITERATES,
    "TestVariousIteratorArgs.test_iter_with_altered_data": ITERATES,
    "TestVariousIteratorArgs.test_runtime_error_on_empty_deque": ITERATES,
    "TestBasic.test_copy": NO_COPY,
    "TestBasic.test_deepcopy": NO_COPY,
    "TestBasic.test_pickle": NO_PICKLE,
    "TestBasic.test_pickle_recursive": NO_PICKLE,
    "TestBasic.test_iterator_pickle": NO_PICKLE,
    "TestSubclass.test_copy_pickle": NO_COPY,
    "TestSubclass.test_pickle_recursive": NO_PICKLE,
    "TestSequence.test_pickle": NO_PICKLE,
    "TestBasic.test_reversed_new": "iterators cannot be made by calling their class",
    "TestBasic.test_sizeof": SIZE,
}


class OurNames(ast.NodeTransformer):
    """Puts our class where the tests import the other, and its name where they expect a repr."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if node.module == "collections":
            node.module = "ft_utils.concurrency"
            node.names = [ast.alias(name="ConcurrentDeque", asname="deque")]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and node.value.startswith("deque(["):
            node.value = "Concurrent" + node.value.replace("deque", "Deque", 1)
        return node


class MutatingComparison:
    """A comparison that changes the deque, and itself reports what collections.deque would.

    Ours takes no offence at that; so the tests where this occurs can run, and check the rest.
    """

    def __init__(self, deque: ConcurrentDeque, _result: bool) -> None:
        self.deque = deque

    def __eq__(self, other: object) -> bool:
        self.deque.clear()
        # remove() reports an IndexError, the others a RuntimeError.
        raise EmptyDequeError


def load() -> types.ModuleType:
    """Return CPython's test module, with our class in the place of the other."""
    spec = importlib.util.find_spec("test")
    spec = spec and importlib.util.find_spec("test.test_deque")
    if spec is None:
        pytest.skip("this interpreter comes without its own tests", allow_module_level=True)
    tree = OurNames().visit(ast.parse(pathlib.Path(spec.origin).read_text()))
    # Tracebacks find their lines through the module's spec.
    spec = importlib.util.spec_from_file_location("deque_tests_of_cpython", spec.origin)
    module = importlib.util.module_from_spec(spec)
    module.ConcurrentDeque = ConcurrentDeque
    exec(compile(ast.fix_missing_locations(tree), spec.origin, "exec"), module.__dict__)
    module.MutateCmp = MutatingComparison
    return module


def cases(module: types.ModuleType) -> dict[str, type]:
    """Return the test classes, without what cannot apply."""
    found = {
        name: case
        for name, case in vars(module).items()
        if isinstance(case, type) and issubclass(case, unittest.TestCase)
    }
    for test, reason in NOT_APPLICABLE.items():
        case, method = test.split(".")
        # Which tests there are differs between versions of Python.
        function = getattr(found.get(case), method, None)
        if function is not None:
            setattr(found[case], method, unittest.skip(reason)(function))
    return found


globals().update(cases(load()))
