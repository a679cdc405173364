"""Every operation of some classes while Python's memory runs out, to be run as a program.

Each line of the table has a process of its own. There the first allocation fails, then the second
and so on, alone and with all that follow; those of Python, that is: for its objects, its
buffers and its own structures. Rust's own allocator ends the process when it has nothing left, as
in every Rust program, and is not made to fail.
"""

import _testcapi
import faulthandler
import gc
import os
import re
import signal
import sys
import warnings
import weakref

from helpers.operations import ERRORS, OPERATIONS, Imp, function, make, use

# Allocations in a line, at most: those in its Python code too.
MOST = 300


# Free-threaded 3.13 reads memory that was not written when there is none for the items of a list
# (`PyList_New` releases a list whose `ob_item` is not set yet): where lists are made of items, a
# crash there may be the interpreter's. The builds with a GIL do not have that, and tell.
BROKEN_LISTS = not getattr(sys, "_is_gil_enabled", lambda: True)() and sys.version_info < (3, 14)
IN_LISTS = re.compile(r"Deque|repr|\{.*x|\.(update|add_many|__ior__|fromkeys|keys|values|items)\(")


def attack(name: str, line: str, n: int, end: int) -> bool:
    """Do what a line says while the n-th allocation fails, and tell whether that was noticed."""
    call = function(line)
    held, given = Imp(), Imp()
    died = weakref.ref(held), weakref.ref(given)
    o = make(name, held)
    failed = False
    _testcapi.set_nomemory(n, end)
    try:
        call(o, given)
    except MemoryError:
        failed = True
    except SystemError as error:
        # The interpreter prints this if it has no memory for the traceback either.
        failed = "without exception set" in str(error) or "without setting an" in str(error)
        assert failed
    except ERRORS:
        pass
    finally:
        _testcapi.remove_mem_hooks()
    use(name, o)
    o = held = given = None
    if any(ref() is not None for ref in died):
        gc.collect()
        assert [ref() for ref in died] == [None, None], "something is left"
    return failed


def attack_all(name: str, line: str) -> None:
    # The first call makes objects that stay.
    attack(name, line, MOST, MOST + 1)
    for end_at in (lambda n: n + 1, lambda n: 0):
        quiet = 0
        for n in range(MOST):
            quiet = 0 if attack(name, line, n, end_at(n)) else quiet + 1
            if quiet == 5:
                break
        else:
            raise AssertionError("it always fails")


def main() -> None:
    faulthandler.enable()
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or OPERATIONS:
        for line in OPERATIONS[name].all:
            if (child := os.fork()) == 0:
                signal.alarm(60)
                try:
                    attack_all(name, line)
                except BaseException:
                    sys.excepthook(*sys.exc_info())
                    os._exit(1)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            if os.WIFSIGNALED(status) and IN_LISTS.search(line) and BROKEN_LISTS:
                continue
            if status:
                print(f"{name}: {line}: {status}", flush=True)


main()
