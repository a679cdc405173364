"""py_compat_api.h: behaviour that another version of Python changed."""

from pathlib import Path

import pytest
from helpers.programs import run_python

from .shared import MINOR

# They start compilers, and have no state that threads could share.
pytestmark = pytest.mark.thread_unsafe


def test_immutable_types_need_immutable_bases(behaviour: Path) -> None:
    ways = ["spec", "bases", "module"] + (["class"] if MINOR >= 12 else [])
    run_python(f"""if True:
        import sys, warnings
        warnings.simplefilter("ignore")  # CPython's own, before it was an error
        sys.path.insert(0, {str(behaviour)!r})
        import behaviour

        class Mutable: pass
        for way in {ways}:
            assert behaviour.immutable(way, object).__base__ is object
            try:
                behaviour.immutable(way, Mutable)
            except TypeError as error:
                assert "behaviour.Immutable from mutable base" in str(error), error
                assert "Mutable" in str(error), error
            else:
                raise AssertionError(way)
    """)


def test_the_lint_deletes_no_attribute_with_null(behaviour: Path) -> None:
    run_python(f"""if True:
        import sys
        sys.path.insert(0, {str(behaviour)!r})
        import behaviour

        class Thing: pass
        thing = Thing()
        for by_string, function in enumerate(["PyObject_DelAttr()", "PyObject_DelAttrString()"]):
            assert behaviour.set_attr(by_string, thing, "a", 1) == 0
            assert thing.a == 1
            try:
                behaviour.set_attr(by_string, thing, "a")
            except SystemError as error:
                assert str(error).endswith("use " + function), error
            else:
                raise AssertionError(function)
            assert thing.a == 1
            assert behaviour.del_attr(by_string, thing, "a") == 0
            assert not hasattr(thing, "a")
    """)
