"""refcount.rs beside Py_IncRef and Py_DecRef: objects of the thread that counts."""

import platform
import shutil
import sys
import sysconfig
import threading

import pytest
from helpers.builds import FREE_THREADED
from helpers.limits import VERY_LONG
from helpers.threads import wait_until

from .shared import Made, let_go, needs_defer, needs_try, states, thread_id

pytestmark = [
    pytest.mark.skipif(not FREE_THREADED, reason="with a GIL, PyO3's functions are used"),
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.thread_unsafe(reason="other threads could take the place of one that is over"),
    pytest.mark.timeout(VERY_LONG),
]


def test_counts_inline_where_it_can(ext):
    known = (3, 13) <= sys.version_info[:2] <= (3, 15)
    linux = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    debug = bool(sysconfig.get_config_var("Py_DEBUG"))
    assert ext.COUNTS_INLINE is (known and linux and not debug)


# How it is made, what is done to it (see `count` in the extension), what is seen meanwhile, and
# whether it dies at the last step, or later: when this thread runs bytecode again.
OWN = [
    ("plain", "-", {"own"}, "at once"),
    ("plain", "+-++---", {"own"}, "at once"),
    ("weakly", "+-++---", {"own", "weakly"}, "at once"),
    # Others have some of the references.
    ("plain", "<+-<->+-", {"own", "shared", "nobody's", "merged"}, None),
    ("plain", "<+->-", {"own", "shared"}, "at once"),
    ("weakly", "<+->-", {"own", "weakly", "shared"}, "at once"),
    # Its own thread counts the references that other threads have given up.
    ("plain", "+>+-++--", {"own", "queued"}, None),
    ("plain", "+>-", {"own", "queued"}, "later"),
    ("plain", ">", {"own", "queued"}, "later"),
    ("weakly", "+>-", {"own", "weakly", "queued"}, "later"),
    ("plain", "+++>>>+--", {"own", "queued", "negative"}, "later"),
    ("plain", "++>>+-<", {"own", "queued", "negative"}, None),
    # The object belongs to no thread: all threads count in the same place.
    ("plain", "<-+-++---", {"own", "shared", "nobody's", "merged"}, "at once"),
    ("plain", "<-+<>-+--", {"own", "shared", "nobody's", "merged"}, "at once"),
    ("weakly", "<-++--<>-", {"own", "weakly", "shared", "nobody's", "merged"}, "at once"),
    # So many references that the count is full: it is immortal then.
    ("plain", "^-+", {"own"}, None),
    ("plain", "^++--+-1-", {"own", "immortal"}, "at once"),
    pytest.param("plain", "?--", {"own"}, "at once", marks=needs_try),
    pytest.param("plain", "e?+-?----", {"own", "weakly"}, "at once", marks=needs_try),
    pytest.param("plain", "e<?->--", {"own", "weakly", "shared"}, "at once", marks=needs_try),
    pytest.param("plain", "^?", {"own", "immortal"}, None, marks=needs_try),
    pytest.param("deferred", "+-++--", {"own", "deferred"}, None, marks=needs_defer),
    pytest.param("deferred", "+<->+-", {"own", "deferred"}, None, marks=needs_defer),
    pytest.param("deferred", "+>+-", {"own", "deferred"}, None, marks=needs_defer),
    pytest.param(
        "deferred",
        "<-+-++--",
        {"own", "deferred", "nobody's", "merged"},
        None,
        marks=needs_defer,
    ),
]


@pytest.mark.parametrize(("how", "steps", "seen", "dies"), OWN)
def test_own(ext, how, steps, seen, dies):
    real, inline = Made(ext, how), Made(ext, how)
    expected = ext.count(real.address, steps, False, real.deaths)
    if dies == "at once":
        assert expected[-1] is None and real.deaths
    trace = ext.count(inline.address, steps, True, inline.deaths)
    assert trace == expected
    assert states(trace, thread_id(ext)) == seen
    if dies is None:
        for made in (real, inline):
            assert not made.deaths
            let_go(ext, made, inline=made is inline)
    if dies == "later":
        assert trace[-1] is not None
        wait_until(lambda: real.deaths and inline.deaths)
    assert real.deaths == inline.deaths == [threading.get_ident()]
