"""Barrier: signals, forks, and the end of the interpreter."""

import pytest
from helpers.marks import POSIX, WITH_FORK
from helpers.programs import ASLEEP, run_python

HEAD = f"""
import asyncio, faulthandler, os, signal, sys, threading, time, warnings
from ft_utils import *
faulthandler.dump_traceback_later(40, exit=True)
warnings.simplefilter("ignore")
{ASLEEP}
"""


@POSIX
@pytest.mark.parametrize("timeout", ["", "1000"])
def test_interrupt_leaves_no_trace(timeout):
    out = run_python(
        f"""{HEAD}
barrier = Barrier(3)
other = threading.Thread(target=barrier.wait)
other.start()
while barrier.n_waiting == 0:
    time.sleep(0.001)
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    barrier.wait({timeout})
except KeyboardInterrupt:
    print("interrupted", barrier.n_waiting, barrier.broken)
third = threading.Thread(target=barrier.wait)
third.start()
barrier.wait()
other.join(), third.join()
print(barrier.n_waiting, barrier.broken)
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted 1 False\n0 False\n"


@POSIX
def test_interrupted_action_breaks_it():
    out = run_python(
        f"""{HEAD}
def act():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
barrier = Barrier(1, act)
try:
    barrier.wait()
except KeyboardInterrupt:
    print("interrupted", barrier.broken)
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted True\n"


@WITH_FORK
def test_fork():
    out = run_python(
        f"""{HEAD}
barrier = Barrier(2)
waiter = threading.Thread(target=barrier.wait)
waiter.start()
while barrier.n_waiting == 0:
    time.sleep(0.001)
child = os.fork()
if child == 0:
    assert barrier.n_waiting == 0
    async def main():
        task = asyncio.create_task(barrier.wait_async())
        await asyncio.sleep(0)
        return await barrier.wait_async(), await task
    assert asyncio.run(main()) == (1, 0)
    os._exit(7)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), barrier.n_waiting)
barrier.wait()
waiter.join()
faulthandler.cancel_dump_traceback_later()
""",
        stderr=None,
    )
    assert out == "7 1\n"


def test_exit_while_they_wait():
    run_python(
        f"""{HEAD}
barrier = Barrier(10)
def loop():
    async def main():
        await barrier.wait_async()
    asyncio.run(main())
threads = [threading.Thread(target=target, daemon=True) for target in (barrier.wait, loop)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )
