"""LocalWrapper, attacked: wrappers around wrappers."""

import operator
import weakref

import pytest
from ft_utils.local import LocalWrapper
from helpers.objects import collected
from helpers.programs import run_python


def test_deeply_nested_wrappers_fail_and_die_quietly():
    run_python(
        "import copy, operator, pickle\n"
        "from ft_utils.local import LocalWrapper\n"
        "w = [1]\n"
        "for _ in range(300_000): w = LocalWrapper(w)\n"
        "for f in (lambda: w + [1], lambda: [1] + w, lambda: w[0], lambda: w.index(1),\n"
        "          lambda: len(w), lambda: hash(w), lambda: repr(w), lambda: str(w),\n"
        "          lambda: w == [1], lambda: w(), lambda: iter(w), lambda: next(w),\n"
        "          lambda: 1 in w, lambda: bool(w), lambda: setattr(w, 'x', 1),\n"
        "          lambda: operator.iadd(w, [1]), lambda: memoryview(w), lambda: dir(w),\n"
        "          lambda: w.__enter__(), lambda: format(w, ''), lambda: pow(w, w, w),\n"
        "          lambda: pickle.dumps(w), lambda: isinstance(1, w), lambda: reversed(w),\n"
        "          lambda: operator.setitem(w, 0, 1), lambda: operator.delitem(w, 0)):\n"
        "    try:\n"
        "        f()\n"
        "    except RecursionError:\n"
        "        continue\n"
        "    raise AssertionError(f.__code__.co_firstlineno)\n"
        "assert type(w.wrapped) is LocalWrapper\n"
        "del w\n"
    )


@pytest.mark.parametrize(
    "step",
    ["x = LocalWrapper(x)", "x = LocalWrapper([x])", "x = Sub(x)", "x = LocalWrapper((x.m))"],
)
def test_long_chains_die(step):
    run_python(
        "import gc, weakref\n"
        "from ft_utils.local import LocalWrapper\n"
        "class Sub(LocalWrapper): pass\n"
        "class Base:\n"
        "    def m(self): pass\n"
        "end = x = Base()\n"
        "reference = weakref.ref(end); del end\n"
        + ("x = x.m\n" if "x.m" in step else "")
        + f"for _ in range({200 if 'x.m' in step else 100_000}): "
        + step.replace("(x.m)", "x.__call__")
        + "\ndel x\n"
        "gc.collect()\n"
        "assert reference() is None\n"
    )


def test_wrappers_in_a_circle():
    class Odd:
        def __init__(self):
            self.others = []

        def __iadd__(self, other):
            return self.others[other]

    one, two = Odd(), Odd()
    first, second = LocalWrapper(one), LocalWrapper(two)
    one.others += [first, second]
    two.others += [first]
    first += 0
    # Itself: that would be a circle at once.
    assert first.wrapped is one
    keep = first
    first += 1
    second += 0
    assert keep.wrapped is second
    assert second.wrapped is keep
    for function in (len, repr, str, hash, iter, bool, dir, operator.neg):
        with pytest.raises(RecursionError):
            function(keep)
    with pytest.raises(RecursionError):
        _ = keep.name
    reference = weakref.ref(keep)
    del first, second, keep, one, two
    assert collected(reference)
