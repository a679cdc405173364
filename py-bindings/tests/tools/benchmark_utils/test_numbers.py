"""ft_utils.benchmark_utils: random numbers."""

import random
import statistics
from collections import Counter

import pytest
from ft_utils import benchmark_utils
from ft_utils.benchmark_utils import ft_randchoice, ft_randint, ft_seed
from helpers.marks import WITH_FORK
from helpers.programs import run_python
from helpers.threads import flat, run_threads
from hypothesis import given
from hypothesis import strategies as st

# Seeds, arguments, the interval and what is printed belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="changes the state of the process")


def test_exports():
    for name in benchmark_utils.__all__:
        assert getattr(benchmark_utils, name).__doc__
        assert getattr(benchmark_utils, name).__module__ == "ft_utils.benchmark_utils"


@given(a=st.integers(), b=st.integers())
def test_randint_is_in_range(a, b):
    assert min(a, b) <= ft_randint(a, b) <= max(a, b)


@pytest.mark.parametrize("bits", [0, 1, 31, 32, 33, 64, 65, 1000, 10_000])
@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_randint_of_any_size(bits, extra):
    largest = max(0, 2**bits + extra)
    for low in (0, -largest, 5 - 2**70):
        numbers = [ft_randint(low, low + largest) for _ in range(20)]
        assert all(low <= number <= low + largest for number in numbers)
        if bits > 40:
            assert len(set(numbers)) == 20
            # All halves occur, but for one time in 2**20, and that the lower and upper bits.
            assert len({(number - low) % 2 for number in numbers}) == 2
            assert len({number - low > largest // 2 for number in numbers}) == 2


def test_randint_of_one():
    assert ft_randint(7, 7) == 7
    assert ft_randint(-(2**99), -(2**99)) == -(2**99)
    assert ft_randint(True, True) == 1
    assert type(ft_randint(False, False)) is int


def test_randint_reaches_both_ends():
    counts = Counter(ft_randint(4, 1) for _ in range(4000))
    assert set(counts) == {1, 2, 3, 4}


def test_randint_is_fair():
    """A range for which a remainder would give the lower half two draws in three."""
    ft_seed(3)
    largest = 2**32 // 3 * 2 - 1
    draws = 20_000
    low = sum(ft_randint(0, largest) <= largest // 2 for _ in range(draws))
    # Five standard deviations; and the seed is fixed.
    assert abs(low - draws / 2) < 5 * (draws / 4) ** 0.5
    counts = Counter(ft_randint(0, 9) for _ in range(draws))
    expected = draws / 10
    chi_squared = sum((count - expected) ** 2 / expected for count in counts.values())
    assert len(counts) == 10
    assert chi_squared < 28  # 9 degrees of freedom: one in a thousand


@pytest.mark.parametrize("bad", [1.0, "1", None, [], 1j])
def test_randint_wants_integers(bad):
    for call in (lambda: ft_randint(bad, 1), lambda: ft_randint(1, bad)):
        with pytest.raises(TypeError, match="integer"):
            call()


def test_seed_makes_it_reproducible():
    def draw():
        return [ft_randint(0, 10**30) for _ in range(50)] + [ft_randchoice("abc") for _ in range(9)]

    draw()
    ft_seed("x")
    first = draw()
    ft_seed("x")
    assert draw() == first
    ft_seed("y")
    assert draw() != first
    # In another thread too.
    ft_seed("x")
    assert run_threads(1, lambda _: draw()) == [first]
    ft_seed()
    assert draw() != first


def test_numbers_come_in_batches():
    ft_seed(5)
    expected = random.Random(5)
    assert [ft_randint(0, 2**32 - 1) for _ in range(1025)] == [
        expected.getrandbits(32) for _ in range(1025)
    ]
    for _ in range(1023):
        expected.getrandbits(32)
    assert random.random() == expected.random()


def test_threads_draw_different_numbers():
    numbers = flat(run_threads(4, lambda _: [ft_randint(0, 2**200) for _ in range(2000)]))
    assert len(set(numbers)) == 8000
    assert abs(statistics.fmean(number >> 199 for number in numbers) - 0.5) < 0.05


@WITH_FORK
def test_child_draws_other_numbers():
    out = run_python(
        """
import os
from ft_utils.benchmark_utils import ft_randint
ft_randint(0, 1)
read, write = os.pipe()
pid = os.fork()
numbers = [ft_randint(0, 2**64) for _ in range(5)]
if not pid:
    os.write(write, repr(numbers).encode())
    os._exit(0)
os.waitpid(pid, 0)
print(os.read(read, 10_000).decode() != repr(numbers))
"""
    )
    assert out == "True\n"


def test_randchoice():
    counts = Counter(ft_randchoice("abc") for _ in range(300))
    assert set(counts) == set("abc")
    assert ft_randchoice([5]) == 5
    assert ft_randchoice(range(10, 11)) == 10
    for empty in ("", [], (), {}, range(0)):
        with pytest.raises(IndexError, match="empty"):
            ft_randchoice(empty)
    for bad in (5, None, iter("abc"), {1, 2}, (n for n in range(3))):
        with pytest.raises(TypeError):
            ft_randchoice(bad)
