"""The operations of the locks and the semaphore."""

from .lines import REFUSED, SHARED, TEXT, of

OPERATIONS = {
    "IntervalLock": of(
        """
        IntervalLock()
        IntervalLock(x)
        """,
        SHARED
        + """
        o.interval
        setattr(o, "interval", x)
        o.waiters
        o.acquire(True, x)
        o.acquire(timeout=x)
        o.acquire(False)
        o.locked()
        o._is_owned()
        o.__exit__(x, x, x)
        """,
        """
        (o.lock(), o.unlock())
        (o.acquire(), o.release())
        (o.lock(), o.cede(), o.poll(), o.unlock())
        (o.__enter__(), o.__exit__(x, x, x))
        """,
    ),
    "ProcessSemaphore": of(
        """
        ProcessSemaphore(1)
        ProcessSemaphore(x)
        """,
        SHARED
        + """
        o.acquire_sync(True, x)
        o.acquire_sync(timeout=x)
        o.try_acquire()
        o.release()
        o.locked()
        o.value
        step(o.acquire())
        step(o.__aenter__())
        o.__exit__(x, x, x)
        step(o.__aexit__(x, x, x))
        """,
        """
        (o.acquire_sync(), o.release())
        (o.__enter__(), o.__exit__(x, x, x))
        """,
    ),
    "RWLock": of(
        "RWLock()",
        SHARED
        + """
        o.unlock_read()
        o.unlock_write()
        o.release_read()
        o.release_write()
        o.downgrade()
        o.acquire_read(True, x)
        o.acquire_write(True, x)
        o.acquire_read(timeout=x)
        o.acquire_write(timeout=x)
        o.read()
        o.write()
        o.readers()
        o.writers_waiting()
        o.writer_locked()
        """,
        """
        (o.lock_read(), o.unlock_read())
        (o.lock_write(), o.downgrade(), o.release_read())
        """,
    ),
    "RWReadContext": of(
        """
        RWLock().read()
        RWReadContext(RWLock())
        """,
        REFUSED + TEXT + "o.__exit__(x, x, x)",
        "(o.__enter__(), o.__exit__(x, x, x))",
    ),
    "RWWriteContext": of(
        """
        RWLock().write()
        RWWriteContext(RWLock())
        """,
        REFUSED + TEXT + "o.__exit__(x, x, x)",
        "(o.__enter__(), o.__exit__(x, x, x))",
    ),
}
