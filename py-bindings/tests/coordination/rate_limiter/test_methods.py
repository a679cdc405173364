"""RateLimiter and ManualClock: their methods, and the classes."""

import inspect

import pytest
from ft_utils import ManualClock, RateLimiter
from helpers.loops import run
from helpers.timeouts import BAD_TIMEOUTS


def limited(rate=10, burst=1):
    clock = ManualClock()
    return RateLimiter(rate, burst, clock), clock


def test_permits():
    limiter, clock = limited(burst=3)
    assert (limiter.burst, limiter.interval, limiter.available) == (3, 0.1, 3)
    assert limiter.try_acquire(2) is True
    assert limiter.try_acquire(n=2) is False
    assert limiter.acquire() is True
    assert limiter.available == 0
    assert limiter.acquire(timeout=0) is False
    assert limiter.acquire(1, 0.001) is False
    clock.advance(0.1)
    assert limiter.acquire(1, 0) is True
    clock.advance(100)
    assert limiter.available == 3
    assert limiter.try_acquire(0) is True
    assert limiter.waiting == 0


def test_the_system_clock():
    limiter = RateLimiter(1000)
    assert all(limiter.acquire() for _ in range(3))
    slow = RateLimiter(rate=0.001, burst=1)
    assert slow.try_acquire()
    assert not slow.try_acquire()
    assert not slow.acquire(timeout=0.01)


def test_reservations():
    limiter, clock = limited(burst=2)
    assert [limiter.reserve(), limiter.reserve(1), limiter.reserve(n=2)] == [0, 0, 0.2]
    assert limiter.reserve(0) == 0.2
    clock.advance(0.2)
    assert not limiter.try_acquire()
    clock.advance(0.1)
    assert limiter.try_acquire()


def test_more_than_the_burst():
    limiter, _ = limited(burst=2)
    calls = (limiter.try_acquire, limiter.acquire, limiter.acquire_async, limiter.reserve)
    for call in (*calls, limiter.acquiring):
        with pytest.raises(ValueError, match="burst, 2"):
            call(3)
        with pytest.raises(ValueError, match="negative"):
            call(-1)
        with pytest.raises(OverflowError):
            call(2**40)
        with pytest.raises(TypeError):
            call(1.0)
    assert limiter.available == 2


def test_arguments():
    for rate in (0, -1, float("nan"), float("inf"), 1e-300):
        with pytest.raises(ValueError, match="rate"):
            RateLimiter(rate)
    for burst, error in [
        (0, ValueError),
        (-1, ValueError),
        (2**32, OverflowError),
        (1.5, TypeError),
    ]:
        with pytest.raises(error):
            RateLimiter(1, burst)
    for args in ((), ("x",), (1, 1, 1), (1, 1, None, 1)):
        with pytest.raises(TypeError):
            RateLimiter(*args)
    for timeout, error in BAD_TIMEOUTS:
        limiter = RateLimiter(1)
        for call in (limiter.acquire, limiter.acquire_async):
            with pytest.raises(error):
                call(1, timeout)
    assert str(inspect.signature(RateLimiter)) == "(rate, burst=1, clock=None)"
    assert str(inspect.signature(RateLimiter.acquire)) == "(self, /, n=1, timeout=None)"


def test_clock():
    clock = ManualClock()
    assert clock.now() == 0
    assert clock.advance(1.5) is None
    clock.advance(seconds=2)
    assert clock.handle().now() == 3.5
    for seconds in (-1, float("nan"), float("inf"), 1e10):
        with pytest.raises(ValueError, match="cannot be advanced"):
            clock.advance(seconds)
    assert clock.now() == 3.5
    assert repr(clock) == f"<ft_utils.ManualClock at {id(clock):#x}: 3.5 s>"
    with pytest.raises(TypeError):
        ManualClock(1)


def test_handle_is_the_same_limiter():
    limiter, clock = limited()
    handle = limiter.handle()
    assert handle.try_acquire()
    assert not limiter.try_acquire()
    clock.handle().advance(1)
    assert limiter.try_acquire()


def test_with():
    limiter, _ = limited(burst=4)
    with limiter as nothing:
        assert nothing is None
        assert limiter.available == 3
    # Nothing is given back.
    assert limiter.available == 3
    with pytest.raises(ZeroDivisionError), limiter:
        _ = 1 / 0
    assert limiter.available == 2

    async def main():
        async with limiter as nothing:
            assert nothing is None
            assert limiter.available == 1
        with pytest.raises(ZeroDivisionError):
            async with limiter.handle():
                _ = 1 / 0
        assert limiter.available == 0
        with pytest.raises(RuntimeError, match="use 'async with'"), limiter:
            pass

    run(main())


def test_with_in_a_subclass():
    calls = []

    class Double(RateLimiter):
        def acquire(self):
            calls.append("acquire")
            return super().acquire(2)

        async def acquire_async(self):
            calls.append("acquire_async")
            return await super().acquire_async(2)

    async def main():
        async with limiter:
            assert limiter.available == 0

    limiter = Double(10, 4, ManualClock())
    with limiter:
        assert limiter.available == 2
    run(main())
    assert calls == ["acquire", "acquire_async"]


def test_text():
    limiter, _ = limited(burst=2)
    place = f"{id(limiter):#x}"
    assert repr(limiter) == f"<ft_utils.RateLimiter at {place}: available=2/2, waiting=0>"


def test_subclass():
    class Named(RateLimiter):
        def __init__(self, name):
            super().__init__(10)
            self.name = name

    class Lazy(RateLimiter):
        def __init__(self):
            pass

    assert (Named("n").name, Named("n").burst) == ("n", 1)
    lazy = Lazy()
    assert repr(lazy) == "<ft_utils.Lazy, not initialized>"
    calls = (lazy.try_acquire, lazy.acquire, lazy.acquire_async, lazy.reserve, lazy.handle)
    for call in (*calls, lazy.acquiring, lazy.__enter__, lazy.__aenter__):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
