"""ProcessSemaphore: forks, and the end of the interpreter."""

from helpers.marks import WITH_FORK
from helpers.programs import run_python


@WITH_FORK
def test_fork():
    out = run_python(
        """
import asyncio, os, threading, time, warnings
from ft_utils import ProcessSemaphore
warnings.simplefilter("ignore")
semaphore = ProcessSemaphore(1)
semaphore.try_acquire()
waiter = threading.Thread(target=semaphore.acquire_sync)
waiter.start()
while "waiting" not in repr(semaphore):
    time.sleep(0.001)
child = os.fork()
if child == 0:
    # The thread that waits is the parent's; the slot that is held is ours, too.
    semaphore.release()
    assert semaphore.value == 1, semaphore
    async def main():
        async with semaphore, ProcessSemaphore(1):
            task = asyncio.create_task(semaphore.acquire())
            await asyncio.sleep(0)
        await task
    asyncio.run(main())
    os._exit(7)
_, status = os.waitpid(child, 0)
semaphore.release()
waiter.join()
print(os.waitstatus_to_exitcode(status), semaphore)
""",
        stderr=None,
    )
    assert out == "7 <ProcessSemaphore with 0 of 1 slots free>\n"


def test_interpreter_exits_with_waiters():
    run_python(
        """
import asyncio, threading, time
from ft_utils import ProcessSemaphore
semaphore = ProcessSemaphore(1)
semaphore.try_acquire()
def loop():
    async def main():
        await semaphore.acquire()
    asyncio.run(main())
for target in (semaphore.acquire_sync, loop):
    threading.Thread(target=target, daemon=True).start()
while "2 waiting" not in repr(semaphore):
    time.sleep(0.001)
""",
    )


def test_asyncio_is_not_imported():
    out = run_python(
        """
import sys, ft_utils
semaphore = ft_utils.ProcessSemaphore(1)
with semaphore:
    semaphore.acquire_sync(timeout=0.001)
print("asyncio" in sys.modules)
"""
    )
    assert out == "False\n"
