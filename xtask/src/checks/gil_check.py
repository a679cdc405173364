"""A pytest plugin of `cargo xtask test`: the installed package, and the GIL stays off.

Where there is a GIL, threads take turns as often as FT_SWITCH_INTERVAL says, in seconds.
"""

import os
import sys
import sysconfig
import warnings
from collections.abc import Generator

import pytest

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

already_told = False


def gil_is_on() -> bool:
    return FREE_THREADED and sys._is_gil_enabled()


def pytest_sessionstart(session: pytest.Session) -> None:
    if interval := os.environ.get("FT_SWITCH_INTERVAL"):
        sys.setswitchinterval(float(interval))
    if gil_is_on():
        raise pytest.UsageError("the GIL is on before anything was imported")
    with warnings.catch_warnings():
        # The warning that the GIL comes back would be an error, with a traceback instead of a line.
        warnings.simplefilter("ignore")
        try:
            import ft_utils._native
        except ImportError as error:
            raise pytest.UsageError(f"ft_utils cannot be imported: {error}") from None

    if "site-packages" not in (ft_utils.__file__ or ""):
        raise pytest.UsageError(f"not the installed ft_utils: {ft_utils.__file__}")
    if gil_is_on():
        raise pytest.UsageError("importing ft_utils brought the GIL back")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Fail the test that brought the GIL back."""
    global already_told
    yield
    if gil_is_on() and not already_told:
        already_told = True
        pytest.fail("the GIL came back during this test")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    build = "free-threaded" if FREE_THREADED else "with a GIL"
    terminalreporter.write_line(f"Python {sys.version.split()[0]}, {build}")
