"""LocalWrapper, attacked: cycles, and wrappers in the making."""

import gc
import sys
import weakref

from ft_utils.local import LocalWrapper
from helpers.objects import collected
from helpers.programs import run_python


def test_cycle_of_what_was_put_there():
    class Value:
        def __add__(self, other):
            return tuple(other)

    marker = object()
    before = sys.getrefcount(marker)
    wrapper = LocalWrapper(Value())
    # Nothing in this circle can be cleared but the wrapper.
    wrapper += [wrapper, marker]
    assert wrapper.wrapped[0] is wrapper
    assert sys.getrefcount(marker) == before + 1
    reference = weakref.ref(wrapper)
    del wrapper
    assert collected(reference)
    assert sys.getrefcount(marker) == before


def test_cycle_through_a_method_that_was_kept():
    items = []
    wrapper = LocalWrapper(items)
    items.append(wrapper)
    items.append(wrapper.append)
    reference = weakref.ref(wrapper)
    assert wrapper.append in gc.get_referents(wrapper)
    del wrapper, items
    assert collected(reference)


def test_collector_meets_wrappers_in_the_making():
    run_python(
        "import gc\n"
        "from ft_utils import AtomicInt64, ConcurrentQueue, LocalWrapper\n"
        "class Sub(LocalWrapper): pass\n"
        "gc.set_threshold(1)\n"
        "q, counter, made = ConcurrentQueue(), AtomicInt64(), []\n"
        "for n in range(500):\n"
        "    q.push(n)\n"
        "    made += [LocalWrapper(n), Sub([n]), q.pop_local(), LocalWrapper(counter)]\n"
        "    made[-3].append(made)\n"
        "    made[-1].incr()\n"
    )


def test_module_is_imported_again():
    run_python(
        "import sys\n"
        "from ft_utils.local import LocalWrapper\n"
        "for name in [*sys.modules]:\n"
        "    if name.startswith('ft_utils'): del sys.modules[name]\n"
        "try:\n"
        "    from ft_utils.local import LocalWrapper as again\n"
        "except ImportError:\n"
        "    again = LocalWrapper\n"
        "assert again is LocalWrapper and LocalWrapper(again(5)) + 1 == 6\n"
    )
