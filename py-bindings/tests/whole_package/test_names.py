"""The package ft_utils: the names that it exports."""

import importlib
import pickle
import queue
import sys
import sysconfig
import tomllib

import ft_utils
import ft_utils.concurrency
import pytest
from helpers.places import ROOT
from helpers.programs import run_python

from .shared import NAMES


@pytest.mark.parametrize("module", sorted(NAMES))
def test_names_are_exported(module):
    namespace = importlib.import_module(f"ft_utils.{module}")
    assert NAMES[module] == set(namespace.__all__)
    assert namespace.__doc__
    for name in NAMES[module]:
        assert hasattr(namespace, name)
        # All but the two that the stub of ft_utils 0.2.0 announced for one module.
        if not name.endswith("_local_wrapper"):
            assert getattr(ft_utils, name) is getattr(namespace, name)
            assert name in ft_utils.__all__


def test_import_that_worked_by_accident():
    # Not in __all__, but programs written for 0.2.0 may use it.
    from ft_utils.concurrency import LocalWrapper

    assert LocalWrapper is ft_utils.LocalWrapper


def test_package_exports_what_it_has():
    for name in ft_utils.__all__:
        assert hasattr(ft_utils, name)


def test_version_is_that_of_the_crates():
    manifest = ROOT / "Cargo.toml"
    with manifest.open("rb") as file:
        version = tomllib.load(file)["workspace"]["package"]["version"]
    assert ft_utils.__version__ == version


def test_experiments_are_closed():
    assert ft_utils.ENABLE_EXPERIMENTAL is False


def test_exceptions_are_those_of_queue():
    assert ft_utils.concurrency.Empty is queue.Empty
    assert ft_utils.concurrency.Full is queue.Full
    if sys.version_info >= (3, 13):
        assert ft_utils.concurrency.ShutDown is queue.ShutDown
    else:
        assert ft_utils.concurrency.ShutDown.__bases__ == (Exception,)


def test_failures_of_queues_are_no_end():
    failed = ft_utils.concurrency.QueueFailed
    assert issubclass(failed, RuntimeError)
    assert not issubclass(failed, ft_utils.concurrency.ShutDown)
    assert failed.__module__ == "ft_utils.concurrency"
    assert type(pickle.loads(pickle.dumps(failed("x")))) is failed


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="a GIL build")
def test_gil_stays_off():
    assert sys._is_gil_enabled() is False
    code = "import sys, ft_utils.concurrency; print(sys._is_gil_enabled())"
    assert run_python(code) == "False\n"
