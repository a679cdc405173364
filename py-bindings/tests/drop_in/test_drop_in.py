"""Calls, and what ft_utils 0.2.0 makes of them.

The files in drop_in/ hold calls, each followed by the text of its result, or by the name of the
exception it raises. Those of same.txt come from ft_utils 0.2.0 on free-threaded Python 3.13, and
ours has to give the same. Those of differs.txt are ours, under the reason why they are not the
same; what 0.2.0 did follows "# was". These are the differences that are meant to be.
"""

import asyncio
import collections.abc
import copy
import inspect
import itertools
import pickle
import queue
import sys
import threading
import types
import weakref
from pathlib import Path

import pytest
from ft_utils import (
    benchmark_utils,
    concurrency,
    local,
    synchronization,
    threading_test_utils,
)


class Index:
    def __init__(self, n):
        self.n = n

    def __index__(self):
        return self.n


class BadBool:
    def __bool__(self):
        raise ZeroDivisionError


def run(awaitable):
    async def main():
        return await awaitable

    return asyncio.run(main())


async def enter(manager):
    async with manager as value:
        return value


def error(call):
    try:
        call()
    except Exception as err:
        return err


# The names that a call can use.
NAMES = {
    **vars(concurrency),
    **vars(local),
    **vars(synchronization),
    "BadBool": BadBool,
    "Index": Index,
    "asyncio": asyncio,
    "benchmark_utils": benchmark_utils,
    "collections": collections,
    "concurrency": concurrency,
    "copy": copy,
    "enter": enter,
    "error": error,
    "inspect": inspect,
    "itertools": itertools,
    "pickle": pickle,
    "queue": queue,
    "run": run,
    "sys": sys,
    "threading": threading,
    "threading_test_utils": threading_test_utils,
    "types": types,
    "weakref": weakref,
}


def table(name):
    lines = Path(__file__).with_name(name).read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    return [
        pytest.param(call, result.partition("  # was ")[0].strip(), id=call)
        for call, result in zip(lines[::2], lines[1::2], strict=True)
    ]


def outcome(call):
    names = dict(NAMES)
    before, _, expression = call.rpartition("; ")
    try:
        exec(before, names)
        return repr(eval(expression, names))
    except BaseException as err:
        return type(err).__name__


@pytest.mark.parametrize("call, result", table("same.txt"))
def test_same(call, result):
    assert outcome(call) == result


@pytest.mark.parametrize("call, result", table("differs.txt"))
def test_differs_on_purpose(call, result):
    assert outcome(call) == result
