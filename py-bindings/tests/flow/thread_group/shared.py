"""Helpers for the tests of ThreadGroup."""

import threading

from ft_utils import Event
from helpers.limits import LONG
from helpers.threads import until_asleep


def fail(error: BaseException) -> None:
    raise error


def sleep_on(event: Event | None = None) -> bool:
    """Wait for something that does not come."""
    return (event or Event()).wait(LONG)


def until_all_sleep(group) -> None:
    """Return when the threads of the group sleep, or are done."""
    for thread in group.threads:
        until_asleep(thread._thread)


def running() -> set[threading.Thread]:
    return set(threading.enumerate())
