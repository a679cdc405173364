"""Helpers for the tests in this folder."""

from concurrent.futures import Executor, Future


def square(n):
    return n * n


def inverse(n):
    return 1 / n


class Manual(Executor):
    """Does what it is told, when it is told."""

    def __init__(self):
        self.calls = []

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.calls.append((future, fn, args))
        return future

    def run(self, index):
        future, fn, args = self.calls[index]
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(fn(*args))
            except BaseException as error:
                future.set_exception(error)


class Immediate(Executor):
    """Runs each call in submit."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        try:
            return future
        finally:
            # The traceback of the error has this frame.
            del future


class Drawn:
    """Counts what was drawn from it; without an end."""

    def __init__(self):
        self.count = 0

    def __iter__(self):
        while True:
            self.count += 1
            yield self.count - 1
