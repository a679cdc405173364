"""ConcurrentGatheringIterator: failed inserts, and the errors that readers get."""

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentGatheringIterator
from helpers.threads import Task, run_threads

from .shared import Odd, available, filled, read


class BadHash:
    def __init__(self, error):
        self.error = error

    def __hash__(self):
        raise self.error


class BadEqual(BadHash):
    def __hash__(self):
        return 0

    def __eq__(self, other):
        raise self.error


def test_failed_insert_marks_failure():
    for key, kind in [
        ([], TypeError),
        ({}, TypeError),
        (AtomicInt64(), TypeError),
        (BadHash(LookupError("x")), LookupError),
        (BadEqual(LookupError("x")), LookupError),
    ]:
        g = filled("ab")
        with pytest.raises(kind) as caught:
            g.insert(key, "value")
        assert g.failure is caught.value
        values, error = read(g.iterator(5))
        assert values == ["a", "b"]
        assert type(error) is RuntimeError
        assert error.__cause__ is caught.value


def test_base_exceptions_mark_nothing():
    for error in (KeyboardInterrupt(), SystemExit(), GeneratorExit()):
        g = ConcurrentGatheringIterator()
        for key in (BadHash(error), BadEqual(error)):
            with pytest.raises(type(error)):
                g.insert(key, 1)
        assert g.failure is None
        assert available(g.iterator(1, timeout=0)) == []


@pytest.mark.parametrize("clear", [True, False])
def test_failure_is_noticed_by_whoever_has_to_wait(clear):
    g = filled("abc")
    early = g.iterator(3, clear)
    g.fail(LookupError("x"))
    g.insert(4, "beyond the gap")
    assert next(early) == "a"
    values, error = read(early)
    assert values == ["b", "c"]
    assert isinstance(error.__cause__, LookupError)
    # After the error it is finished.
    assert list(early) == []
    late, error = read(g.iterator(4, clear))
    assert late == ([] if clear else ["a", "b", "c"])
    assert isinstance(error, RuntimeError)
    # Insertion goes on, and who misses nothing does not notice.
    for key in range(4):
        g.insert(key, key)
    assert read(g.iterator(4, clear)) == ([0, 1, 2, 3, "beyond the gap"], None)


def raising(error):
    def refuse():
        raise error

    return refuse


@pytest.mark.parametrize("clear", [True, False])
def test_errors_name_key_and_cause(clear):
    g = filled("ab", window=4)
    reader = g.iterator(9, clear, timeout=0)
    assert available(reader) == ["a", "b"]
    with pytest.raises(TimeoutError, match=r"^the value of key 2 is missing$"):
        next(reader)
    with pytest.raises(TimeoutError, match=r"^key 100 is beyond the window$"):
        g.insert(100, 1, 0)
    g.fail(LookupError("x"))
    with pytest.raises(RuntimeError) as caught:
        next(reader)
    text = "the value of key 2 is missing, and gathering has failed: LookupError: x"
    assert str(caught.value) == text
    with pytest.raises(RuntimeError) as caught:
        g.insert(100, 1)
    text = "key 100 is beyond the window, and gathering has failed: LookupError: x"
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "tell, end",
    [
        (lambda: "", ""),
        (lambda: None, ""),
        (lambda: "\ud800", ": .*"),
        (raising(LookupError()), ""),
        (lambda: "odd", ": odd"),
    ],
)
def test_odd_texts_of_causes(tell, end):
    g = ConcurrentGatheringIterator()
    g.fail(Odd(tell))
    with pytest.raises(RuntimeError, match=f"key 0 is missing, .* failed: Odd{end}$"):
        next(g.iterator(0))


def test_text_of_a_cause_that_is_interrupted():
    # A signal, say: it is not lost, and neither is the failure.
    g = ConcurrentGatheringIterator()
    with pytest.raises(KeyboardInterrupt):
        g.fail(Odd(raising(KeyboardInterrupt())))
    assert isinstance(g.failure, Odd)
    g = ConcurrentGatheringIterator()
    with pytest.raises(KeyboardInterrupt):
        g.insert(BadHash(Odd(raising(KeyboardInterrupt()))), 1)
    assert isinstance(g.failure, Odd)


def test_first_failure_stays():
    g = ConcurrentGatheringIterator()
    first = LookupError()
    assert g.fail(first) is None
    g.fail(ValueError())
    with pytest.raises(TypeError):
        g.insert([], 1)
    assert g.failure is first
    g.close()
    assert not g.closed
    assert read(g.iterator(0))[1].__cause__ is first


def test_failure_is_forgotten():
    g = ConcurrentGatheringIterator()
    assert g.clear_failure() is None
    error = LookupError()
    g.fail(error)
    assert g.clear_failure() is error
    assert g.failure is None
    assert available(g.iterator(1, timeout=0)) == []
    task = Task(list, g.iterator(0)).until_asleep()
    g.insert(0, "a")
    assert task.result() == ["a"]
    g.fail(ValueError())
    assert isinstance(g.failure, ValueError)


@pytest.mark.parametrize("bad", [None, "text", 3, LookupError, BaseException])
def test_failure_is_an_exception(bad):
    g = ConcurrentGatheringIterator()
    with pytest.raises(TypeError, match="exception must be an exception, not"):
        g.fail(bad)
    assert g.failure is None
    g.fail(exception=KeyboardInterrupt())
    assert isinstance(g.failure, KeyboardInterrupt)
    assert isinstance(read(g.iterator(0))[1], RuntimeError)


def test_each_reader_gets_an_error_of_its_own():
    g = ConcurrentGatheringIterator()
    g.fail(LookupError())
    errors = run_threads(4, lambda _: read(g.iterator(0))[1])
    assert len({id(error) for error in errors}) == 4
    assert {error.__cause__ for error in errors} == {g.failure}
