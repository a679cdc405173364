"""ft_compat.h: reference counts."""

import sys

import pytest
from helpers.builds import FREE_THREADED
from helpers.limits import VERY_LONG
from helpers.threads import Task, run_threads

from .shared import THREADS

# The extensions' state is one for all threads; and building takes long.
pytestmark = [
    pytest.mark.thread_unsafe,
    pytest.mark.timeout(VERY_LONG),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a compiler called cc"),
]


def test_references_from_nothing(module):
    module.take_reference([])
    module.take_immortal()
    kind = module.make_type()
    first = module.get_cached(kind)
    assert module.get_cached(kind) is first
    assert module.is_cached()
    del first
    assert not module.is_cached()


def test_references_from_nothing_in_another_thread(module):
    # The list is this thread's own: on a free-threaded build no other thread counts for it yet.
    items: list = []
    module.remember(items, False)
    assert Task(module.recall).result() is (None if FREE_THREADED else items)
    module.remember(items, True)
    before = sys.getrefcount(items)
    assert Task(module.recall).result() is items
    assert sys.getrefcount(items) == before


def test_references_from_nothing_among_threads(module):
    kind = module.make_type()

    def work(_: int) -> int:
        same = 0
        for _ in range(2_000):
            one = module.get_cached(kind)
            same += one is module.get_cached(kind)
        return same

    # While a thread has the object, no other can have put a new one there.
    assert run_threads(THREADS, work) == [2_000] * THREADS
    assert not module.is_cached()


def test_uniqueness(module):
    module.uniqueness()
    assert not module.is_temporary(sys)


def test_deferred_reference_counting(module):
    items: list = []
    done = module.defer(items)
    assert done is (FREE_THREADED and sys.version_info >= (3, 14))
    items.append(items)
