"""Says whether Python runs without the GIL here, and what brings it back.

On a free-threaded build the GIL is off until a module is imported that does not declare that it can
do without; from then on it is on, for the whole process. The doctor says which module that is::

    python -m ft_utils doctor numpy my_package   # import these, each in a fresh process
    python -m ft_utils doctor                    # what is installed, without importing it
    python -m ft_utils doctor --installed        # the same, and import all extension modules

and so does `examine`, for programs.
"""

from ft_utils.doctor._distributions import Distribution, ExtensionFile
from ft_utils.doctor._examine import examine
from ft_utils.doctor._findings import Finding
from ft_utils.doctor._interpreter import Interpreter
from ft_utils.doctor._probe import Extension, Import
from ft_utils.doctor._report import SCHEMA, Report

__all__ = [
    "SCHEMA",
    "Distribution",
    "Extension",
    "ExtensionFile",
    "Finding",
    "Import",
    "Interpreter",
    "Report",
    "examine",
]
