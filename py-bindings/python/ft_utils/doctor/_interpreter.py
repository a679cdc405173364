"""What this interpreter is, and whether its GIL is on."""

import os
import platform
import sys
import sysconfig
from dataclasses import dataclass
from typing import Literal

__all__ = ["Interpreter", "look"]


@dataclass(frozen=True)
class Interpreter:
    """This interpreter, and the state of its GIL when it was looked at."""

    #: Its path. Empty where Python is embedded in another program.
    executable: str
    implementation: str
    version: str
    #: As in the names of wheels: ``cp314t``, where the ``t`` stands for free-threaded.
    tag: str
    #: Whether it was built to run without the GIL.
    free_threaded: bool
    #: Whether the GIL is on all the same.
    gil_enabled: bool
    #: ``"default"``: off until a module asks for it. Always that on builds with the GIL.
    gil_setting: Literal["default", "on", "off"]
    #: Where a setting other than the default is made: ``"PYTHON_GIL"`` or ``"-X gil"``.
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
    """Tell whether the GIL is on now. Pythons before 3.13 have no other way to be."""
    is_enabled = getattr(sys, "_is_gil_enabled", None)
    return is_enabled is None or bool(is_enabled())


def _setting() -> tuple[Literal["default", "on", "off"], str | None]:
    # None is the default; builds that cannot do without the GIL have no such flag, or 1 in it.
    flag = getattr(sys.flags, "gil", None)
    if flag is None or not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "default", None
    if "gil" in sys._xoptions:
        source = "-X gil"
    elif "PYTHON_GIL" in os.environ:
        source = "PYTHON_GIL"
    else:
        # An embedding program can configure it too.
        source = "the program that embeds Python"
    return ("on" if flag else "off"), source
