"""select() and select_async(): signals, forks, and the end of the interpreter."""

import pytest
from helpers.limits import LONG
from helpers.marks import POSIX, WITH_FORK
from helpers.programs import ASLEEP, run_python

HEAD = f"""
import asyncio, faulthandler, os, signal, sys, threading, time, warnings
from ft_utils import *
faulthandler.dump_traceback_later(40, exit=True)
warnings.simplefilter("ignore")
{ASLEEP}
q, event = ConcurrentQueue(), Event()
cases = pop, wait = q.popping(), event.waiting()
"""


@POSIX
@pytest.mark.parametrize("timeout", ["None", "1000"])
def test_interrupt_ends_a_wait(timeout):
    out = run_python(
        f"""{HEAD}
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    global struck
    struck = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    select(*cases, timeout={timeout})
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - struck < {LONG / 2})
q.push(5)
print(select(*cases)[1], q.size())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted True\n5 0\n"


@WITH_FORK
def test_fork():
    out = run_python(
        f"""{HEAD}
waiter = threading.Thread(target=select, args=cases)
waiter.start()
until_asleep(waiter.native_id)
child = os.fork()
if child == 0:
    try:
        select(*cases, timeout=0.01)
    except TimeoutError:
        pass
    async def main():
        task = asyncio.create_task(select_async(*cases))
        await asyncio.sleep(0)
        q.push(1)
        return await task
    assert asyncio.run(main()) == (pop, 1)
    os._exit(7)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), q.size())
event.set()
waiter.join()
faulthandler.cancel_dump_traceback_later()
""",
        stderr=None,
    )
    assert out == "7 0\n"


def test_exit_while_they_wait():
    run_python(
        f"""{HEAD}
def loop():
    async def main():
        await select_async(*cases)
    asyncio.run(main())
def wait():
    select(*cases)
threads = [threading.Thread(target=target, daemon=True) for target in (wait, wait, loop)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_asyncio_is_not_imported():
    out = run_python(
        """
import sys
from ft_utils import *
q = ConcurrentQueue()
select(q.pushing(1), q.popping())
try:
    select(Event().waiting(), timeout=0.001)
except TimeoutError:
    print("asyncio" in sys.modules)
"""
    )
    assert out == "False\n"
