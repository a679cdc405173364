"""The operations of the locks and the semaphore."""

from .lines import REFUSED, SHARED, TEXT, of

OPERATIONS = {
    "Condition": of(
        """
        Condition()
        Condition(x)
        Condition(Lock())
        """,
        SHARED
        + """
        o.acquire(True, x)
        o.acquire(False)
        o.release()
        o.locked()
        o.wait(x)
        o.wait_for(x, x)
        o.wait_for(x, 0)
        o.notify(x)
        o.notify_all()
        step(o.acquire_async(x))
        step(o.wait_async())
        step(o.wait_async(x))
        step(o.wait_for_async(x, x))
        step(o.__aenter__())
        o.__exit__(x, x, x)
        step(o.__aexit__(x, x, x))
        """,
        """
        (o.acquire(), o.wait(0), o.release())
        (o.__enter__(), o.wait_for(lambda: True), o.notify(2), o.__exit__(x, x, x))
        """,
    ),
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
        step(o.lock_async())
        step(o.acquire_async(True, x))
        step(o.acquire_async(x))
        step(o.cede_async())
        step(o.poll_async())
        step(o.__aenter__())
        step(o.__aexit__(x, x, x))
        """,
        """
        (o.lock(), o.unlock())
        (o.acquire(), o.release())
        (o.lock(), o.cede(), o.poll(), o.unlock())
        (o.__enter__(), o.__exit__(x, x, x))
        """,
    ),
    "Lock": of(
        "Lock()",
        SHARED
        + """
        o.acquire(True, x)
        o.acquire(timeout=x)
        o.acquire(False)
        o.release()
        o.locked()
        step(o.acquire_async())
        step(o.acquire_async(x))
        step(o.__aenter__())
        o.__exit__(x, x, x)
        step(o.__aexit__(x, x, x))
        """,
        """
        (o.acquire(), o.release())
        (o.__enter__(), o.__exit__(x, x, x))
        """,
    ),
    "ProcessSemaphore": of(
        """
        ProcessSemaphore(1)
        ProcessSemaphore(x)
        ProcessSemaphore(0, x)
        """,
        SHARED
        + """
        o.acquire_sync(True, x)
        o.acquire_sync(timeout=x)
        o.acquire_sync(False, n=x)
        o.try_acquire()
        o.try_acquire(x)
        o.acquiring()
        o.acquiring(x)
        step(select_async(o.acquiring(), o.acquiring(2)))
        o.release()
        o.release(x)
        o.locked()
        o.value
        o.limit
        setattr(o, "limit", 3)
        setattr(o, "limit", x)
        step(o.acquire())
        step(o.acquire(x))
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
        step(o.lock_read_async())
        step(o.lock_write_async())
        step(o.acquire_read_async(True, x))
        step(o.acquire_read_async(x))
        step(o.acquire_write_async(True, x))
        step(o.acquire_write_async(x))
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
        REFUSED
        + TEXT
        + """
        o.__exit__(x, x, x)
        step(o.__aenter__())
        step(o.__aexit__(x, x, x))
        """,
        "(o.__enter__(), o.__exit__(x, x, x))",
    ),
    "RWWriteContext": of(
        """
        RWLock().write()
        RWWriteContext(RWLock())
        """,
        REFUSED
        + TEXT
        + """
        o.__exit__(x, x, x)
        step(o.__aenter__())
        step(o.__aexit__(x, x, x))
        """,
        "(o.__enter__(), o.__exit__(x, x, x))",
    ),
}
