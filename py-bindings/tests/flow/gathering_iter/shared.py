"""Helpers for the tests in this folder."""

from contextlib import suppress

from ft_utils.concurrency import ConcurrentGatheringIterator
from helpers import programs


class Mine(ConcurrentGatheringIterator):
    pass


def filled(values, *args, **kwargs):
    g = ConcurrentGatheringIterator(*args, **kwargs)
    for key, value in enumerate(values):
        g.insert(key, value)
    return g


def available(iterator):
    """Return the values that an iterator with timeout=0 yields before it would wait."""
    values = []
    with suppress(TimeoutError):
        values.extend(iterator)
    return values


def read(iterator):
    """Return the values and the exception of an iterator: list() would lose the values."""
    values = []
    try:
        for value in iterator:
            values.append(value)
    except Exception as error:
        return values, error
    return values, None


class Odd(Exception):
    """Has a text that is asked for by the thread that fails, and by no reader."""

    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def __str__(self):
        return self.tell()


def add_own_failure(g):
    with suppress(TypeError):
        g.insert([], 1)


COUNT = 3000
HEAD = f"""{programs.HEAD}
def send(number, id=threading.get_native_id()):
    def work():
        until_asleep(id)
        os.kill(os.getpid(), number)
    threading.Thread(target=work, daemon=True).start()
g = ConcurrentGatheringIterator(window=2)
"""

WAITERS = {
    "iterator": "it = g.iterator(3); call = lambda: next(it)",
    "copying": "it = g.iterator(3, False, 1000); call = lambda: next(it)",
    "local": "it = g.iterator_local(3); call = lambda: next(it)",
    "insert": "call = lambda: g.insert(2, 'c')",
    "insert with a timeout": "call = lambda: g.insert(2, 'c', 1000)",
}
