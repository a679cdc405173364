"""Event: its methods, and the class."""

import inspect

import pytest
from ft_utils import Event
from helpers.timeouts import BAD_TIMEOUTS


def test_states():
    event = Event()
    for _ in range(2):
        assert not event.is_set()
        assert event.set() is None
        event.set()
        assert event.is_set()
        assert event.wait() is True
        assert event.wait(0) is True
        assert event.clear() is None
        event.clear()
    assert event.wait(0) is False
    assert event.wait(timeout=0.001) is False


def test_handle_is_the_same_event():
    event = Event()
    handle = event.handle()
    handle.set()
    assert event.is_set()
    event.clear()
    assert not handle.handle().is_set()


def test_text():
    event = Event()
    assert repr(event) == f"<ft_utils.Event at {id(event):#x}: unset>"
    event.set()
    assert repr(event).endswith(": set>")


def test_arguments():
    for args, kwargs in [((1,), {}), ((), {"value": True})]:
        with pytest.raises(TypeError):
            Event(*args, **kwargs)
    for timeout, error in BAD_TIMEOUTS:
        for wait in (Event().wait, Event().wait_async):
            with pytest.raises(error):
                wait(timeout)
    assert str(inspect.signature(Event)) == "()"
    assert str(inspect.signature(Event.wait)) == "(self, /, timeout=None)"
    assert str(inspect.signature(Event.wait_async)) == "(self, /, timeout=None)"


def test_subclass():
    class Named(Event):
        def __init__(self, name):
            super().__init__()
            self.name = name

    event = Named("n")
    event.set()
    assert (event.name, event.is_set()) == ("n", True)
    assert repr(event).startswith("<ft_utils.Named at ")
