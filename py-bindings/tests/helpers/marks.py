"""Marks for tests that not every system can run."""

import os
import signal

import pytest

POSIX = pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
WITH_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
WITH_SIGNALS = pytest.mark.skipif(
    not hasattr(signal, "pthread_kill"), reason="no signals between threads"
)
