"""AtomicFlag: a bool that threads change in atomic steps, and wait for."""

import copy
import gc
import operator
import os
import pickle
import threading
import time
import weakref
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicFlag, AtomicInt64
from hypothesis import given
from hypothesis import strategies as st
from support import LONG, Task, Thing, collected, run_python, run_threads, without_address


class Bad:
    """Has no truth value."""

    def __bool__(self):
        raise LookupError("no truth")


class Worse:
    def __bool__(self):
        return "yes"


VALUES = [True, False, 0, 1, -1, "", "no", None, [], [0], 0.0, float("nan"), AtomicInt64(0), int]


# Making one


@pytest.mark.parametrize("value", VALUES, ids=without_address)
def test_takes_any_object(value):
    for flag in (AtomicFlag(value), AtomicFlag(value=value)):
        assert flag.get() is bool(value)
        assert bool(flag) is bool(value)


def test_takes_a_flag():
    assert AtomicFlag(AtomicFlag(True))
    assert not AtomicFlag(AtomicFlag(False))


def test_refuses_wrong_arguments():
    for args, kwargs in [((), {}), ((1, 2), {}), ((1,), {"value": 2}), ((), {"other": 3})]:
        with pytest.raises(TypeError):
            AtomicFlag(*args, **kwargs)
    with pytest.raises(LookupError, match="no truth"):
        AtomicFlag(Bad())
    with pytest.raises(TypeError, match="__bool__"):
        AtomicFlag(Worse())


def test_second_init_sets_again():
    flag = AtomicFlag(True)
    flag.__init__(False)
    assert not flag
    flag.__init__(value="yes")
    assert flag


# Reading and writing


@pytest.mark.parametrize("value", VALUES, ids=without_address)
def test_set(value):
    for start in (True, False):
        flag = AtomicFlag(start)
        assert flag.set(value) is None
        assert flag.get() is bool(value)
        assert flag.set(value=not value) is None
        assert flag.get() is (not value)


@pytest.mark.parametrize("start", [True, False])
def test_failed_truth_changes_nothing(start):
    flag = AtomicFlag(start)
    for call in (
        flag.set,
        flag.exchange,
        flag.__init__,
        lambda bad: flag.compare_exchange(start, bad),
        lambda bad: flag.compare_exchange(bad, not start),
    ):
        with pytest.raises(LookupError):
            call(Bad())
        with pytest.raises(TypeError):
            call(Worse())
        assert flag.get() is start


def test_truth_may_use_the_flag():
    class Turner:
        def __bool__(self):
            flag.set(not flag)
            return flag.get()

    flag = AtomicFlag(False)
    flag.set(Turner())
    assert flag
    assert flag.exchange(Turner()) is False
    assert not flag


def test_test_and_set():
    flag = AtomicFlag(False)
    assert [flag.test_and_set() for _ in range(3)] == [False, True, True]
    assert flag.clear() is None
    assert flag.clear() is None
    assert flag.test_and_set() is False


def test_exchange():
    flag = AtomicFlag(False)
    assert [flag.exchange(v) for v in (1, "x", 0, None, [1])] == [0, 1, 1, 0, 0]
    assert flag.exchange(value=0) is True


def test_compare_exchange():
    flag = AtomicFlag(False)
    assert flag.compare_exchange(True, False) is False
    assert flag.compare_exchange(0, [1]) is True
    assert flag.get() is True
    assert flag.compare_exchange(expected=1, new=1) is True
    assert flag.compare_exchange(False, False) is False
    assert flag.get() is True


@given(st.lists(st.tuples(st.sampled_from("sectw"), st.booleans(), st.booleans())))
def test_like_a_bool(steps):
    flag, plain = AtomicFlag(False), False
    for step, one, two in steps:
        if step == "s":
            flag.set(one)
            plain = one
        elif step == "e":
            assert flag.exchange(one) is plain
            plain = one
        elif step == "c":
            assert flag.compare_exchange(one, two) is (plain is one)
            plain = two if plain is one else plain
        elif step == "t":
            assert flag.test_and_set() is plain
            plain = True
        else:
            assert flag.wait(0) is plain
        assert flag.get() is bool(flag) is plain


def test_wrong_calls():
    flag = AtomicFlag(True)
    for call in (
        flag.set,
        flag.exchange,
        lambda: flag.set(1, 2),
        lambda: flag.set(other=1),
        lambda: flag.get(1),
        lambda: flag.clear(1),
        lambda: flag.test_and_set(True),
        lambda: flag.compare_exchange(1),
        lambda: flag.wait(1, 2),
        lambda: flag.handle(1),
    ):
        with pytest.raises(TypeError):
            call()
    assert flag


# As an object


def test_no_number():
    flag = AtomicFlag(True)
    for call in (int, float, len, iter, operator.index, operator.invert, operator.neg):
        with pytest.raises(TypeError):
            call(flag)
    for call in (operator.and_, operator.or_, operator.add, operator.lt, operator.ge):
        for other in (True, AtomicFlag(True), Fraction(1)):
            with pytest.raises(TypeError):
                call(flag, other)


def test_identity():
    flag, other = AtomicFlag(True), AtomicFlag(True)
    assert flag == flag
    assert flag != other
    assert (flag == True) is False  # noqa: E712
    assert {flag: 1, other: 2}[flag] == 1


def test_text():
    flag = AtomicFlag(False)
    assert repr(flag) == str(flag) == f"{flag}" == "AtomicFlag(False)"
    flag.set(True)
    assert repr(flag) == "AtomicFlag(True)"
    with pytest.raises(TypeError):
        format(flag, "d")
    assert repr(type("Mine", (AtomicFlag,), {})(True)) == "Mine(True)"


def test_open_for_attributes():
    flag = AtomicFlag(True)
    flag.note = "kept"
    assert flag.note == "kept"
    assert vars(flag) == {"note": "kept"}
    with pytest.raises(AttributeError):
        flag.other  # noqa: B018


def test_subclass():
    class Named(AtomicFlag):
        def __init__(self, name, *, on=False):
            super().__init__(on)
            self.name = name

    one = Named("n", on=True)
    assert (one.name, bool(one)) == ("n", True)
    assert type(one.handle()) is AtomicFlag

    class Forgets(AtomicFlag):
        def __init__(self, *args, **kwargs):
            pass

    assert not Forgets(1, 2, x=3)


def test_subscription():
    assert AtomicFlag[bool](True).get() is True


def test_no_copies():
    flag = AtomicFlag(True)
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"cannot copy or pickle.*handle\(\)"):
            call(flag)


def test_handle_shares_state():
    flag = AtomicFlag(False)
    handle = flag.handle()
    second = handle.handle()
    assert flag is not handle
    second.set(True)
    assert flag
    assert handle.exchange(False) is True
    assert not flag
    assert flag != handle
    del flag, second
    gc.collect()
    assert handle.test_and_set() is False


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_life():
    flag = AtomicFlag(True)
    assert gc.is_tracked(flag)
    dead = weakref.ref(flag)
    flag.itself, flag.thing = flag, Thing()
    thing = weakref.ref(flag.thing)
    del flag
    assert collected(dead)
    assert thing() is None
    handle = AtomicFlag(1).handle()
    handle.itself, dead = handle, weakref.ref(handle)
    del handle
    assert collected(dead)


@pytest.mark.thread_unsafe(reason="sets the collector's threshold")
def test_collector_meets_flags_in_the_making():
    run_python(
        "import gc\n"
        "from ft_utils import AtomicFlag\n"
        "class F(AtomicFlag): pass\n"
        "gc.set_threshold(1)\n"
        "made = [make(1) for make in (AtomicFlag, F) for _ in range(500)]\n"
        "made += [each.handle() for each in made]\n"
        "assert all(made)\n"
    )


# Waiting


def test_wait_when_set():
    flag = AtomicFlag(True)
    for timeout in (None, 0, 0.001, 1e300, float("inf"), True):
        assert flag.wait(timeout) is True
        assert flag.wait(timeout=timeout) is True


def test_wait_times_out():
    flag = AtomicFlag(False)
    assert flag.wait(0) is False
    for timeout in (0.001, 0.05, Fraction(1, 100)):
        start = time.monotonic()
        assert flag.wait(timeout) is False
        assert time.monotonic() - start >= timeout


@pytest.mark.parametrize("state", [True, False])
@pytest.mark.parametrize(
    ("timeout", "error"),
    [(-1, ValueError), (-0.001, ValueError), (float("nan"), ValueError), ("1", TypeError)],
)
def test_bad_timeout(state, timeout, error):
    with pytest.raises(error, match="timeout"):
        AtomicFlag(state).wait(timeout)


@pytest.mark.parametrize(
    "set_it",
    [
        lambda flag: flag.set(1),
        lambda flag: flag.test_and_set(),
        lambda flag: flag.exchange(True),
        lambda flag: flag.compare_exchange(False, True),
        lambda flag: flag.__init__(True),
        lambda flag: flag.handle().set(True),
    ],
    ids=["set", "test_and_set", "exchange", "compare_exchange", "__init__", "handle"],
)
def test_setting_wakes_everyone(set_it):
    flag = AtomicFlag(False)
    waits = [flag.wait, flag.handle().wait, lambda: flag.wait(LONG)]
    tasks = [Task(wait).until_asleep() for wait in waits]
    set_it(flag)
    assert [task.result() for task in tasks] == [True] * 3


def test_pulse_wakes_everyone():
    flag = AtomicFlag(False)
    if not os.path.exists("/proc/self/task"):
        pytest.skip("cannot see that a thread waits")
    tasks = [Task(flag.wait).until_asleep() for _ in range(3)]
    flag.set(True)
    flag.clear()
    assert [task.result() for task in tasks] == [True] * 3
    assert flag.wait(0) is False


def test_clearing_wakes_nobody():
    flag = AtomicFlag(False)
    task = Task(flag.wait).until_asleep()
    for _ in range(100):
        flag.clear()
        flag.compare_exchange(False, False)
    assert not task.is_done()
    flag.set(True)
    assert task.result() is True


def test_overridden_methods_are_not_called():
    class Odd(AtomicFlag):
        def get(self):
            raise AssertionError

        __bool__ = get

    assert Odd(True).wait() is True


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
@pytest.mark.parametrize("timeout", ["", "1000"])
def test_interrupt_ends_a_wait(timeout):
    out = run_python(
        f"""
import faulthandler, os, signal, threading, time
from ft_utils import AtomicFlag
faulthandler.dump_traceback_later(40, exit=True)
flag, entered = AtomicFlag(False), AtomicFlag(False)
def interrupt():
    entered.wait()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    entered.set(True)
    flag.wait({timeout})
except KeyboardInterrupt:
    print("interrupted", flag.get())
flag.set(True)
print(flag.wait())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted False\nTrue\n"


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
def test_signal_handler_may_set():
    out = run_python(
        """
import faulthandler, os, signal, threading
from ft_utils import AtomicFlag
faulthandler.dump_traceback_later(40, exit=True)
flag, entered = AtomicFlag(False), AtomicFlag(False)
signal.signal(signal.SIGUSR1, lambda *_: flag.set(True))
def interrupt():
    entered.wait()
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=interrupt, daemon=True).start()
entered.set(True)
print(flag.wait())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "True\n"


def test_exit_while_threads_wait():
    run_python(
        """
import threading
from ft_utils import AtomicFlag
flag, entered = AtomicFlag(False), [AtomicFlag(False) for _ in range(3)]
def work(index):
    entered[index].set(True)
    flag.wait(None if index else 1000)
for index in range(3):
    threading.Thread(target=work, args=(index,), daemon=True).start()
for each in entered:
    each.wait()
"""
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("busy", ["flag.wait()", "flag.set(True); flag.clear()"])
def test_fork(busy):
    run_python(
        f"""
import os, signal, sys, threading, warnings
from ft_utils import AtomicFlag
warnings.simplefilter("ignore")
flag, started = AtomicFlag(False), AtomicFlag(False)
def work():
    started.set(True)
    while True:
        {busy}
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
started.wait()
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        signal.alarm(15)
        try:
            for each in (flag, AtomicFlag(False)):
                each.clear()
                thread = threading.Thread(target=each.wait)
                thread.start()
                each.set(True)
                thread.join()
                assert each.get() and each.wait() and each.exchange(False)
                assert not each.wait(0.001)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
"""
    )


# Many threads


def test_one_thread_is_first():
    for _ in range(50):
        flag = AtomicFlag(False)
        handles = [flag.handle() for _ in range(4)]
        assert sorted(run_threads(4, lambda i, h=handles: h[i].test_and_set())) == [0, 1, 1, 1]


def test_as_a_lock():
    flag, box = AtomicFlag(False), [0]

    def work(index):
        for _ in range(300):
            while not flag.compare_exchange(False, True):
                time.sleep(0)
            box[0] += 1
            flag.clear()

    run_threads(4, work)
    assert box == [1200]


def test_exchanges_add_up():
    flag = AtomicFlag(False)

    def work(index):
        sets = clears = 0
        for _ in range(2000):
            sets += not flag.exchange(True)
            clears += flag.exchange(False)
        return sets - clears

    assert sum(run_threads(4, work)) == flag.get()


def test_ping_pong():
    ping, pong = AtomicFlag(False), AtomicFlag(False)

    def work(index):
        mine, theirs = (ping, pong)[:: 1 if index else -1]
        for _ in range(500):
            if index:
                theirs.set(True)
            assert mine.wait(LONG)
            mine.clear()
            if not index:
                theirs.set(True)

    run_threads(2, work)
    assert not ping
    assert not pong


def test_short_timeouts_among_threads():
    flag, done = AtomicFlag(False), threading.Event()

    def work(index):
        if index == 0:
            for _ in range(2000):
                flag.set(True)
                flag.clear()
            done.set()
            return 0
        seen = 0
        while not done.is_set():
            seen += flag.wait(0.0001)
        return seen

    run_threads(3, work)
    assert not flag
