"""ProcessSemaphore: without an event loop."""

import pytest
from ft_utils.concurrency import ProcessSemaphore

from .shared import all_free


def test_without_a_loop():
    semaphore = ProcessSemaphore(2)
    assert semaphore.try_acquire() is True
    assert semaphore.acquire_sync() is True
    assert semaphore.locked()
    assert semaphore.value == 0
    assert semaphore.try_acquire() is False
    assert semaphore.acquire_sync(False) is False
    assert semaphore.acquire_sync(timeout=0) is False
    assert semaphore.acquire_sync(True, 0.001) is False
    assert semaphore.release() is None
    assert semaphore.acquire_sync(blocking=False) is True
    semaphore.release()
    assert semaphore.acquire_sync(0) is True
    semaphore.release()
    semaphore.release()
    assert all_free(semaphore)


def test_release_beyond_the_limit():
    semaphore = ProcessSemaphore(2)
    for _ in range(3):
        with pytest.raises(ValueError, match="more often"):
            semaphore.release()
        assert semaphore.value == 2
    semaphore.try_acquire()
    semaphore.release()
    with pytest.raises(ValueError):
        semaphore.release()
    assert semaphore.value == 2


@pytest.mark.parametrize("timeout", [-1, -0.001, float("nan")])
def test_bad_timeouts(timeout):
    semaphore = ProcessSemaphore(1)
    with pytest.raises(ValueError):
        semaphore.acquire_sync(timeout=timeout)
    with pytest.raises(TypeError):
        semaphore.acquire_sync(timeout="1")
    with pytest.raises(ValueError, match="does not block"):
        semaphore.acquire_sync(False, 1)
    assert semaphore.value == 1


def test_with_in_a_thread():
    semaphore = ProcessSemaphore(1)
    with semaphore as bound:
        assert bound is None
        assert semaphore.locked()
    with pytest.raises(LookupError), semaphore:
        raise LookupError
    assert all_free(semaphore)


def test_handles_share_the_slots():
    semaphore = ProcessSemaphore(2)
    handle = semaphore.handle()
    assert type(handle) is ProcessSemaphore
    handle.try_acquire()
    assert semaphore.value == 1
    semaphore.try_acquire()
    del semaphore
    assert handle.handle().locked()
    handle.release()
    assert handle.value == 1
