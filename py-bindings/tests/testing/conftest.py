"""Fixtures for the tests in this folder."""

import threading

import pytest
from ft_utils.concurrency import AtomicInt64


@pytest.fixture
def no_third_thread(monkeypatch):
    """The third thread that is started from now on cannot be started."""
    started = AtomicInt64()
    start = threading.Thread.start

    def refuse(thread):
        if started.incr() == 3:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
