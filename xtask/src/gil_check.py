"""A pytest plugin of `cargo xtask test`: the installed package, and the GIL stays off.

Where there is a GIL, threads take turns as often as FT_SWITCH_INTERVAL says, in seconds.
"""

import os
import sys
import sysconfig
import warnings

import pytest

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


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


def pytest_sessionfinish(session: pytest.Session) -> None:
    if gil_is_on():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if gil_is_on():
        terminalreporter.write_line("the GIL came back during the tests", red=True)
    else:
        build = "free-threaded, the GIL stayed off" if FREE_THREADED else "with a GIL"
        terminalreporter.write_line(f"Python {sys.version.split()[0]}, {build}")
