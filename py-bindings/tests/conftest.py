"""Settings for all test files."""

import pytest
from hypothesis import settings

# A thread that is not scheduled for a while is no failure.
settings.register_profile("ours", deadline=None, max_examples=100)
settings.load_profile("ours")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what starts processes, or waits for the collector, on one thread."""
    for item in items:
        if item.path.name == "test_module.py":
            item.add_marker(pytest.mark.thread_unsafe)
