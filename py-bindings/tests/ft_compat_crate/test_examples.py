"""The crate ft-compat: the other examples of its documentation."""

import decimal
import gc
import shutil
import weakref

import pytest
from helpers.limits import LONG, VERY_LONG
from helpers.objects import Thing, collected
from helpers.threads import Task, run_threads, wait_until

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.timeout(VERY_LONG),
]


def test_account(ext):
    account = ext.Account(lambda account, balance: account.balance is not None)
    run_threads(4, lambda _: [account.deposit(1) for _ in range(200)] and None)
    assert account.balance == 800
    with pytest.raises(ValueError, match="not allowed"):
        ext.Account(lambda *_: False).deposit(1)
    check = Thing()
    check.__class__ = type("Check", (Thing,), {"__call__": lambda *_: True})
    check.account = ext.Account(check)
    reference = weakref.ref(check)
    del check
    assert collected(reference)


def test_mailbox(ext):
    mailbox, letters = ext.Mailbox(), [object(), object()]
    assert mailbox.take(0) is None and mailbox.take(timeout=1e-9) is None
    mailbox.put(letters[0])
    mailbox.put(letters[1])
    assert mailbox.take() is letters[1]
    takers = [Task(mailbox.take, timeout).until_asleep() for timeout in (None, LONG)]
    gc.collect()
    taken = set()
    for left in (1, 0):
        letter = object()
        mailbox.put(letter)
        wait_until(lambda left=left: sum(not taker.is_done() for taker in takers) == left)
        taken.add(letter)
    assert {taker.result() for taker in takers} == taken


@pytest.mark.thread_unsafe
def test_handlers(ext):
    seen: list = []

    def handler(event: object) -> None:
        seen.append(event)
        ext.add_handler(seen.append)

    ext.add_handler(handler)
    ext.fire(1)
    assert seen == [1]
    ext.fire(2)
    assert seen == [1, 2, 2]
    ext.clear_handlers()
    ext.fire(3)
    assert seen == [1, 2, 2]
    run_threads(4, lambda _: [ext.add_handler(seen.append) for _ in range(50)] and None)
    ext.fire(4)
    assert seen[3:] == [4] * 200
    ext.clear_handlers()


@pytest.mark.thread_unsafe
def test_memo(ext):
    calls: list = []

    def double(number: int) -> int:
        calls.append(number)
        return 2 * number

    def slow(number: int) -> int:
        assert Task(ext.memo, double, 7).result() == 14
        return double(number)

    assert ext.memo(double, 5) == ext.memo(double, 5) == 10
    assert ext.memo(slow, 6) == 12
    # Seven came later.
    assert ext.memo(double, 7) == 14
    assert calls == [5, 7, 6]


@pytest.mark.thread_unsafe
def test_sensor(ext):
    def record(index: int) -> None:
        for number in range(100):
            ext.record((index, number))

    run_threads(4, record)
    readings: list = []
    ext.drain(lambda reading: (readings.append(reading), ext.record(reading)))
    assert sorted(readings) == [(i, n) for i in range(4) for n in range(100)]
    again: list = []
    ext.drain(again.append)
    assert again == readings


def test_decimal(ext):
    assert ext.to_decimal(1999) == decimal.Decimal("19.99")
