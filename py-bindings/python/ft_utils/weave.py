"""Native destructors that run when a thread ends.

Native code keeps what belongs to a thread behind a thread-local pointer. It registers the address
of the variable and that of a C function, which is called when the thread ends, in that thread, with
the value that the variable then has. C code uses the header ``ft_weave.h``, in the folder
``include`` of this package.

The functions raise `RuntimeError` unless ``ft_utils.ENABLE_EXPERIMENTAL`` is true, because they may
still change.

- Each thread has its own list, and the functions are about the calling thread's.
- Destructors run after Python has done with the thread, in the order of registration, each
  registration once. They must not use Python in any way.
- From Python 3.13 on they have run when ``Thread.join()`` returns; before, that waits for the
  Python code only, and they run soon after it.
- For the main thread, and for daemon threads that still run when the process ends, nothing is
  called, unless they call `run_native_destructors` themselves.
- Addresses cannot be checked: a wrong one is likely to end the process when the thread ends.
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
    """Have a native function called with what a variable holds when this thread ends.

    ``var`` is the address of a ``void *`` variable, ``destructor`` that of a C function
    ``void (*)(void *)``. A null value is passed on. If one of the addresses is 0, nothing will be
    called. Registering the same again calls it again.

    Raises `TypeError` for what is not an int, and `OverflowError` for an int that is no address.
    """
    _check_open()
    _weave.register_native_destructor(var, destructor)


def unregister_native_destructor(var: int) -> bool:
    """Take back all registrations of a variable in this thread; return whether there were any.

    What a thread that is ending has begun to run cannot be taken back.
    """
    _check_open()
    return _weave.unregister_native_destructor(var)


def registered_native_destructors() -> list[tuple[int, int]]:
    """Return the registrations of this thread in order, each as ``(var, destructor)``."""
    _check_open()
    return _weave.registered_native_destructors()


def run_native_destructors() -> int:
    """Run the destructors of this thread now, as if it ended; return how many were called.

    They are not called again. For the main thread: ``atexit.register(run_native_destructors)``.
    """
    _check_open()
    return _weave.run_native_destructors()


def _check_open() -> None:
    if not ft_utils.ENABLE_EXPERIMENTAL:
        raise RuntimeError(
            "ft_utils.weave may still change; set ft_utils.ENABLE_EXPERIMENTAL = True to use it"
        )
