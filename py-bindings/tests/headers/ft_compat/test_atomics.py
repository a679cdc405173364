"""ft_compat.h: atomic operations."""

import sys

import pytest
from helpers.limits import VERY_LONG
from helpers.threads import run_threads

from .shared import THREADS

# The extensions' state is one for all threads; and building takes long.
pytestmark = [
    pytest.mark.thread_unsafe,
    pytest.mark.timeout(VERY_LONG),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a compiler called cc"),
]


def test_atomics(module):
    module.check_atomics()
    module.check_cpython_atomics()


def test_atomics_among_threads(module):
    rounds = 300
    run_threads(THREADS, lambda index: module.hammer_atomics(index, rounds))
    module.hammered_atomics(THREADS * rounds)


def test_cpython_atomics_among_threads(module):
    rounds = 300
    run_threads(THREADS, lambda index: module.hammer_cpython_atomics(index, rounds))
    module.hammered_cpython_atomics(THREADS * rounds)


def test_spin_locks(module):
    rounds = 2_000
    run_threads(THREADS, lambda _: module.hammer_spin_locks(rounds))
    assert module.hammered_spin_locks() == (THREADS * rounds, THREADS * rounds)
