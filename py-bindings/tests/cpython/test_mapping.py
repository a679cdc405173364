"""CPython's own tests of mappings, from the interpreter's test package, against ConcurrentDict."""

import pytest
from ft_utils.concurrency import ConcurrentDict

mapping_tests = pytest.importorskip(
    "test.mapping_tests", reason="this interpreter came without its test package"
)

# Tests that do not apply, and the reason.
EXCEPTIONS = {
    "test_constructor": "keywords are no keys: they are the parameters of ft_utils 0.2.0",
    "test_repr": "the name of the class is part of it, as it is for collections.deque",
}


class TestConcurrentDict(mapping_tests.TestHashMappingProtocol):
    type2test = ConcurrentDict

    def _full_mapping(self, data):
        # The first argument is the number of shards, as in ft_utils 0.2.0.
        return ConcurrentDict(dictionary=data)

    def setUp(self):
        if self._testMethodName in EXCEPTIONS:
            self.skipTest(EXCEPTIONS[self._testMethodName])
