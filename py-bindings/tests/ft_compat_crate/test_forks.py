"""The crate ft-compat: forks."""

import shutil

import pytest
from helpers.limits import VERY_LONG
from helpers.marks import WITH_FORK
from helpers.programs import run_python

from .shared import LOAD

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.timeout(VERY_LONG),
]


@WITH_FORK
def test_fork(ext, library):
    run_python(
        LOAD
        + f"""
import os, signal, sys, threading, warnings
warnings.simplefilter("ignore")
ext = load({str(library)!r})
cell, number, once, gate = ext.Cell(0), ext.Number(), ext.Once(), ext.Gate()
inside, never = threading.Semaphore(0), threading.Event()
def make():
    inside.release()
    never.wait()
def busy():
    inside.release()
    while True:
        number.add(10)
        cell.update(lambda value: value + 1)
def stuck(value):
    inside.release()
    never.wait()
for target, args in [
    (once.get_or_init, (make,)), (gate.wait, ()), (busy, ()), (busy, ()),
    (ext.Cell(0).update, (stuck,)),
]:
    threading.Thread(target=target, args=args, daemon=True).start()
for _ in range(4):
    inside.acquire()
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        try:
            before = number.get()[0]
            number.add(1)
            assert number.get()[0] == before + 1
            cell.set(1)
            cell.update(lambda value: value + 1)
            assert cell.get() == 2
            assert once.get_or_init(lambda: "value") == "value"
            assert gate.wait(0.001) is False
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
# Before 3.14, the interpreter's end unwinds daemon threads in Python code that an extension called.
os._exit(0)
"""
    )
