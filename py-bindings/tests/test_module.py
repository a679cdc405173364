"""The package as a whole: names, the GIL, the life of a process."""

import copy
import importlib
import inspect
import os
import pickle
import queue
import sys
import sysconfig
import tomllib
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ft_utils
import ft_utils.concurrency
import pytest
from ft_utils import AtomicInt64, ConcurrentDict, ConcurrentQueue
from support import ASLEEP, collected, run_python

# What ft_utils 0.2.0 has, and ours beside it.
NAMES = {
    "concurrency": {
        "MISSING",
        "AtomicFlag",
        "AtomicInt64",
        "AtomicReference",
        "ConcurrentDeque",
        "ConcurrentDict",
        "ConcurrentGatheringIterator",
        "ConcurrentQueue",
        "Empty",
        "EmptyDequeError",
        "Full",
        "ProcessSemaphore",
        "QueueFailed",
        "ShutDown",
        "StdConcurrentLifoQueue",
        "StdConcurrentPriorityQueue",
        "StdConcurrentQueue",
        "map_ordered",
    },
    "local": {"BatchExecutor", "LocalWrapper", "get_local_wrapper", "release_local_wrapper"},
    "synchronization": {"IntervalLock", "RWLock", "RWReadContext", "RWWriteContext"},
}

# How an object of each class that threads share is made.
SHARED: dict[str, Callable[[], Any]] = {
    "AtomicFlag": lambda: ft_utils.AtomicFlag(False),
    "AtomicInt64": ft_utils.AtomicInt64,
    "AtomicReference": ft_utils.AtomicReference,
    "BatchExecutor": lambda: ft_utils.BatchExecutor(object, 2),
    "ConcurrentDeque": ft_utils.ConcurrentDeque,
    "ConcurrentDict": ft_utils.ConcurrentDict,
    "ConcurrentGatheringIterator": ft_utils.ConcurrentGatheringIterator,
    "ConcurrentQueue": ft_utils.ConcurrentQueue,
    "IntervalLock": ft_utils.IntervalLock,
    "ProcessSemaphore": lambda: ft_utils.ProcessSemaphore(1),
    "RWLock": ft_utils.RWLock,
    "StdConcurrentLifoQueue": ft_utils.StdConcurrentLifoQueue,
    "StdConcurrentPriorityQueue": ft_utils.StdConcurrentPriorityQueue,
    "StdConcurrentQueue": ft_utils.StdConcurrentQueue,
}
CLASSES = sorted({*SHARED, "LocalWrapper", "RWReadContext", "RWWriteContext"})


def module_of(name):
    return next(module for module, names in NAMES.items() if name in names)


@pytest.mark.parametrize("module", sorted(NAMES))
def test_names_are_exported(module):
    namespace = importlib.import_module(f"ft_utils.{module}")
    assert NAMES[module] == set(namespace.__all__)
    assert namespace.__doc__
    for name in NAMES[module]:
        assert hasattr(namespace, name)
        # All but the two that the stub of ft_utils 0.2.0 announced for one module.
        if not name.endswith("_local_wrapper"):
            assert getattr(ft_utils, name) is getattr(namespace, name)
            assert name in ft_utils.__all__


def test_import_that_worked_by_accident():
    # Not in __all__, but programs written for 0.2.0 may use it.
    from ft_utils.concurrency import LocalWrapper

    assert LocalWrapper is ft_utils.LocalWrapper


def test_package_exports_what_it_has():
    for name in ft_utils.__all__:
        assert hasattr(ft_utils, name)


def test_version_is_that_of_the_crates():
    manifest = Path(__file__).parents[2] / "Cargo.toml"
    with manifest.open("rb") as file:
        version = tomllib.load(file)["workspace"]["package"]["version"]
    assert ft_utils.__version__ == version


def test_experiments_are_closed():
    assert ft_utils.ENABLE_EXPERIMENTAL is False


def test_exceptions_are_those_of_queue():
    assert ft_utils.concurrency.Empty is queue.Empty
    assert ft_utils.concurrency.Full is queue.Full
    if sys.version_info >= (3, 13):
        assert ft_utils.concurrency.ShutDown is queue.ShutDown
    else:
        assert ft_utils.concurrency.ShutDown.__bases__ == (Exception,)


def test_failures_of_queues_are_no_end():
    failed = ft_utils.concurrency.QueueFailed
    assert issubclass(failed, RuntimeError)
    assert not issubclass(failed, ft_utils.concurrency.ShutDown)
    assert failed.__module__ == "ft_utils.concurrency"
    assert type(pickle.loads(pickle.dumps(failed("x")))) is failed


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="a GIL build")
def test_gil_stays_off():
    assert sys._is_gil_enabled() is False
    code = "import sys, ft_utils.concurrency; print(sys._is_gil_enabled())"
    assert run_python(code) == "False\n"


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_found(name):
    kind = getattr(ft_utils, name)
    assert kind.__module__ == f"ft_utils.{module_of(name)}"
    assert kind.__name__ == kind.__qualname__ == name
    assert kind.__doc__
    assert pickle.loads(pickle.dumps(kind)) is kind


@pytest.mark.parametrize("name", CLASSES)
def test_everything_is_documented(name):
    kind = getattr(ft_utils, name)
    for base in kind.__mro__[:-1]:
        for attribute, member in vars(base).items():
            if not attribute.startswith("_"):
                assert member.__doc__, attribute


@pytest.mark.parametrize("name", CLASSES)
def test_signatures_are_told(name):
    kind = getattr(ft_utils, name)
    assert "..." not in str(inspect.signature(kind))
    for base in kind.__mro__[:-1]:
        for attribute, member in vars(base).items():
            if not attribute.startswith("_") and callable(member):
                signature = inspect.signature(member)
                assert "..." not in str(signature), attribute


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_objects_have_handles(name):
    one = SHARED[name]()
    handle = one.handle()
    assert type(handle) is type(one)
    assert handle is not one
    assert type(handle.handle()) is type(one)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_objects_are_not_copied(name):
    one = SHARED[name]()
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=name):
            call(one)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_objects_have_weak_references(name):
    one = SHARED[name]()
    died = weakref.ref(one)
    handle = one.handle()
    assert died() is one
    del one, handle
    assert collected(died)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_objects_tell_what_they_are(name):
    assert name in repr(SHARED[name]())


@pytest.mark.parametrize("name", sorted(SHARED))
def test_classes_may_be_derived_from(name):
    kind = getattr(ft_utils, name)
    derived = type("Derived", (kind,), {"extra": None})
    assert issubclass(derived, kind)


def test_missing_is_one_object():
    missing = ft_utils.concurrency.MISSING
    assert repr(missing) == "MISSING"
    assert not missing
    assert pickle.loads(pickle.dumps(missing)) is missing
    with pytest.raises(TypeError):
        type(missing)()


@pytest.mark.parametrize("name", ["ConcurrentDictIterator", "ConcurrentQueueIterator"])
def test_iterators_are_not_made(name):
    from ft_utils import _native

    with pytest.raises(TypeError):
        getattr(_native, name)()


def test_import_in_many_threads():
    run_python(
        """
import threading
barrier = threading.Barrier(8)
found = []
def work():
    barrier.wait()
    import ft_utils.concurrency
    found.append(ft_utils.concurrency.ConcurrentDict)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 8 and len(set(found)) == 1
"""
    )


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no interpreter of its own GIL")
def test_subinterpreter_is_refused_or_works():
    out = run_python(
        """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
id = interpreters.create()
code = '''
try:
    from ft_utils.concurrency import AtomicInt64
except ImportError as error:
    assert "interpreter" in str(error), error
else:
    assert AtomicInt64(1).incr() == 2
'''
failed = interpreters.run_string(id, code)
assert failed is None, failed
interpreters.destroy(id)
print("done")
"""
    )
    assert out == "done\n"


WAITERS = {
    "pop": "q = ConcurrentQueue(); call = q.pop",
    "pop with a timeout": "q = ConcurrentQueue(); call = lambda: q.pop(1000)",
    "pop that spins": "q = ConcurrentQueue(lock_free=True); call = q.pop",
    "push": "q = ConcurrentQueue(maxsize=1); q.push(0); call = lambda: q.push(1)",
    "push_many": "q = ConcurrentQueue(maxsize=1); call = lambda: q.push_many([1, 2, 3])",
    "pop_many": "q = ConcurrentQueue(); call = lambda: q.pop_many(5)",
    "iteration": "q = ConcurrentQueue(); call = lambda: list(q)",
    "iteration that spins": "q = ConcurrentQueue(lock_free=True); call = lambda: list(q)",
    "get_or_insert": """
d = ConcurrentDict()
leading = threading.Event()
def lead():
    leading.set()
    threading.Event().wait()
threading.Thread(target=d.get_or_insert, args=("k", lead), daemon=True).start()
leading.wait()
call = lambda: d.get_or_insert("k", list)
""",
}

HEAD = f"""
import faulthandler, os, signal, sys, threading, time
from ft_utils.concurrency import *
faulthandler.dump_traceback_later(40, exit=True)
{ASLEEP}
"""


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
@pytest.mark.parametrize("wait", WAITERS.values(), ids=WAITERS.keys())
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
{wait}
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    call()
except KeyboardInterrupt:
    print("interrupted")
"""
    )
    assert out == "interrupted\n"


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
def test_signal_handler_may_push():
    out = run_python(
        f"""{HEAD}
q = ConcurrentQueue()
signal.signal(signal.SIGUSR1, lambda *_: q.push("from the handler"))
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=interrupt, daemon=True).start()
print(q.pop())
"""
    )
    assert out == "from the handler\n"


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
def test_interrupted_push_leaves_its_items():
    out = run_python(
        f"""{HEAD}
q = ConcurrentQueue(maxsize=2)
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    q.push_many(range(5))
except KeyboardInterrupt as error:
    print(q.pop_many(9), error.remaining)
"""
    )
    assert out == "[0, 1] [2, 3, 4]\n"


@pytest.mark.parametrize("wait", WAITERS.values(), ids=WAITERS.keys())
def test_exit_while_threads_wait(wait):
    run_python(
        f"""{HEAD}
{wait}
threads = [threading.Thread(target=call, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


@pytest.mark.parametrize(
    "setup, wait",
    [
        ("it = IntervalLock()\nit.lock()", "it.acquire(timeout=0.001)"),
        ("it = RWLock()\nit.lock_write()", "it.acquire_read(timeout=0.001)"),
        ("it = ProcessSemaphore(1)\nit.try_acquire()", "it.acquire_sync(timeout=0.001)"),
        ("it = StdConcurrentQueue(1)\nit.put(1)", "it.put(2, timeout=0.001)"),
        ("it = AtomicFlag(False)", "it.wait(timeout=0.001)"),
    ],
)
def test_waits_run_no_python_code(setup, wait):
    # Before 3.14, the interpreter's end unwinds a daemon thread that does, through ours.
    out = run_python(
        f"""
import sys, threading
from ft_utils import *
{setup}
def work():
    sys.setprofile(lambda frame, event, arg: event == "call" and calls.append(frame.f_code))
    try:
        {wait}
    except Exception:
        pass
    sys.setprofile(None)
calls = []
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(calls)
"""
    )
    assert out == "[]\n"


def test_exit_while_threads_work():
    # Daemon threads drop nothing that another has made: see support.run_python.
    run_python(
        """
import sys, threading
from ft_utils.concurrency import *
q, d, n = ConcurrentQueue(maxsize=8), ConcurrentDict(), AtomicInt64()
def work(index):
    while True:
        q.push(n.incr() % 100)
        d[n % 100] = q.pop()
        if sys.version_info >= (3, 14):
            # Before, a daemon thread that is in Python code called by an extension when the
            # interpreter ends is unwound through the extension, which no Rust code survives.
            d.get_or_insert(n % 200, lambda: [d.keys()])
        if n % 10 == 0:
            d.clear()
for index in range(4):
    threading.Thread(target=work, args=(index,), daemon=True).start()
while n < 2000:
    pass
"""
    )


# What the threads of the parent do while it forks.
BUSY = {
    "working": """
    q.push(n.incr())
    d[n % 100] = q.pop()
    d.add("count", 1)
    d.get_or_insert(n % 200, list)
    d.pop(n % 200, None)
""",
    "waiting": """
    n.incr()
    try:
        if index % 2:
            bounded.push(index, timeout=0.0001)
        else:
            bounded.pop(timeout=0.0001)
    except (Full, Empty):
        pass
""",
    "asleep": """
    n.fetch_add(100)
    ConcurrentQueue().pop()
""",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY.keys())
def test_fork_while_threads_are(busy):
    run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
q, d, n = ConcurrentQueue(), ConcurrentDict(), AtomicInt64()
bounded = ConcurrentQueue(maxsize=2)
def work(index):
  while True:{busy}
for index in range(2):
    threading.Thread(target=work, args=(index,), daemon=True).start()
while n < 100:
    time.sleep(0.001)
def child():
    signal.alarm(15)
    before = n.get()
    assert n.incr() == before + 1
    q.push_many(range(5))
    assert len(q.pop_many(5)) == 5
    assert isinstance(d.add("count", 1), int)
    for key in range(1000):
        d[key] = key
    assert d.get_or_insert("new", lambda: 7) == 7
    assert len(d.keys()) == len(d)
    try:
        while True:
            bounded.pop(timeout=0.001)
    except Empty:
        pass
    bounded.push_many([1, 2])
    fresh = ConcurrentQueue()
    thread = threading.Thread(target=lambda: fresh.push(fresh.pop() + 1))
    thread.start()
    fresh.push(1)
    thread.join()
    assert fresh.pop() == 2
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_every_method_tells_its_signature():
    for kind in (AtomicInt64, ConcurrentDict, ConcurrentQueue):
        assert inspect.signature(kind).parameters
        for name in dir(kind):
            method = getattr(kind, name)
            if not name.startswith("_") and callable(method):
                assert inspect.signature(method) is not None
                assert inspect.getdoc(method), f"{kind.__name__}.{name} has no docstring"
