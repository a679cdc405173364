"""The properties of this interpreter, and the state of its GIL."""

import os
import platform
import sys
import sysconfig
from dataclasses import dataclass
from typing import Literal

__all__ = ["Interpreter", "look"]


@dataclass(frozen=True)
class Interpreter:
    """This interpreter, and the state of its GIL at the time of the examination."""

    #: The path of its program. Empty if Python is embedded in another program.
    executable: str
    implementation: str
    version: str
    #: As in the names of wheels: ``cp314t``, where the ``t`` stands for free-threaded.
    tag: str
    #: Whether it was built to run without the GIL.
    free_threaded: bool
    #: Whether the GIL is on.
    gil_enabled: bool
    #: ``"default"`` means off until a module needs the GIL. Builds with the GIL have no other.
    gil_setting: Literal["default", "on", "off"]
    #: The place of a setting other than the default: ``"PYTHON_GIL"`` or ``"-X gil"``.
    gil_setting_from: str | None
    virtual_environment: bool


def look() -> Interpreter:
    """Look at the interpreter that runs this."""
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    version = sys.version_info
    letters = "cp" if sys.implementation.name == "cpython" else sys.implementation.name[:2]
    setting, source = _setting()
    return Interpreter(
        executable=sys.executable or "",
        implementation=platform.python_implementation(),
        version=platform.python_version(),
        tag=f"{letters}{version.major}{version.minor}{'t' if free_threaded else ''}",
        free_threaded=free_threaded,
        gil_enabled=gil_enabled(),
        gil_setting=setting,
        gil_setting_from=source,
        virtual_environment=sys.prefix != sys.base_prefix,
    )


def gil_enabled() -> bool:
    """Tell whether the GIL is on now. Before Python 3.13 it always is."""
    is_enabled = getattr(sys, "_is_gil_enabled", None)
    return is_enabled is None or bool(is_enabled())


def _setting() -> tuple[Literal["default", "on", "off"], str | None]:
    # None is the default. Builds with the GIL have no such flag, or the value 1.
    flag = getattr(sys.flags, "gil", None)
    if flag is None or not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "default", None
    if "gil" in sys._xoptions:
        source = "-X gil"
    elif "PYTHON_GIL" in os.environ:
        source = "PYTHON_GIL"
    else:
        # A program that embeds Python can configure it, too.
        source = "the program that embeds Python"
    return ("on" if flag else "off"), source
