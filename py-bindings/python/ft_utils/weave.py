"""Native destructors that run when a thread ends.

Native code keeps the data of a thread behind a thread-local pointer. It registers the address of
that variable and the address of a C function. When the thread ends, the function is called in that
thread, with the value that the variable then has. C code uses the header ``ft_weave.h``, in the
folder ``include`` of this package.

The functions raise `RuntimeError` unless ``ft_utils.ENABLE_EXPERIMENTAL`` is true, because they may
still change.

- Each thread has its own list; the functions use the list of the calling thread.
- Destructors run when Python is done with the thread, in the order of registration, once for each
  registration. They must not use Python in any way.
- From Python 3.13 on, destructors have run when ``Thread.join()`` returns. Before 3.13,
  ``Thread.join()`` waits for the Python code only, and destructors run soon after it.
- No destructor is called for the main thread, or for daemon threads that are still running when the
  process ends, unless they call `run_native_destructors` themselves.
- Addresses cannot be checked: a wrong address is likely to end the process when the thread ends.
"""

import ft_utils
from ft_utils import _weave

__all__ = [
    "register_native_destructor",
    "registered_native_destructors",
    "run_native_destructors",
    "unregister_native_destructor",
]


def register_native_destructor(var: int, destructor: int) -> None:
    """Register a native function to be called, with the value of a variable, when this thread ends.

    ``var`` is the address of a ``void *`` variable, ``destructor`` the address of a C function
    ``void (*)(void *)``. A null value is passed on. If one of the addresses is 0, nothing is
    called. A pair that is registered twice is called twice.

    Raises `TypeError` if an argument is not an int, and `OverflowError` if an int is no address.
    """
    _check_open()
    _weave.register_native_destructor(var, destructor)


def unregister_native_destructor(var: int) -> bool:
    """Remove all registrations of a variable in this thread; return whether there were any.

    Once an ending thread runs its destructors, their registrations can no longer be removed.
    """
    _check_open()
    return _weave.unregister_native_destructor(var)


def registered_native_destructors() -> list[tuple[int, int]]:
    """Return the registrations of this thread in order, each as ``(var, destructor)``."""
    _check_open()
    return _weave.registered_native_destructors()


def run_native_destructors() -> int:
    """Run the destructors of this thread now, as if it ended; return how many were called.

    They are not called again. In the main thread, use ``atexit.register(run_native_destructors)``.
    """
    _check_open()
    return _weave.run_native_destructors()


def _check_open() -> None:
    if not ft_utils.ENABLE_EXPERIMENTAL:
        raise RuntimeError(
            "ft_utils.weave may still change; set ft_utils.ENABLE_EXPERIMENTAL = True to use it"
        )
