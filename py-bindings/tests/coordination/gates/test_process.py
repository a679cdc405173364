"""Event, Latch and AtomicFlag: signals, forks, and the end of the interpreter."""

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
"""
GATES = {
    "AtomicFlag": "o, opened = AtomicFlag(False), AtomicFlag.test_and_set",
    "Event": "o, opened = Event(), Event.set",
    "Latch": "o, opened = Latch(1), Latch.count_down",
}

each_gate = pytest.mark.parametrize("gate", GATES.values(), ids=GATES.keys())


@POSIX
@each_gate
@pytest.mark.parametrize("timeout", ["", "1000"])
def test_interrupt_ends_a_wait(gate, timeout):
    out = run_python(
        f"""{HEAD}
{gate}
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    global struck
    struck = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    o.wait({timeout})
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - struck < {LONG / 2})
opened(o)
print(o.wait())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted True\nTrue\n"


@WITH_FORK
@each_gate
def test_fork(gate):
    out = run_python(
        f"""{HEAD}
{gate}
waiter = threading.Thread(target=o.wait)
waiter.start()
until_asleep(waiter.native_id)
child = os.fork()
if child == 0:
    assert not o.wait(0.01)
    async def main():
        task = asyncio.create_task(o.wait_async())
        await asyncio.sleep(0)
        opened(o)
        return await task
    assert asyncio.run(main())
    os._exit(7)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), o.wait(0))
opened(o)
waiter.join()
faulthandler.cancel_dump_traceback_later()
""",
        stderr=None,
    )
    assert out == "7 False\n"


@each_gate
def test_exit_while_they_wait(gate):
    run_python(
        f"""{HEAD}
{gate}
def loop():
    async def main():
        await o.wait_async()
    asyncio.run(main())
threads = [threading.Thread(target=target, daemon=True) for target in (o.wait, o.wait, loop)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


@each_gate
def test_asyncio_is_not_imported(gate):
    out = run_python(
        f"""
import sys
from ft_utils import *
{gate}
o.wait(0.001)
opened(o)
print("asyncio" in sys.modules, o.wait())
"""
    )
    assert out == "False True\n"
