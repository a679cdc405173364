"""The doctor says whether this Python runs without the GIL, and which module brings the GIL back.

On a free-threaded build the GIL is off until a module is imported that does not declare that it can
do without the GIL. From then on the GIL is on, for the whole process. The doctor names that
module::

    python -m ft_utils doctor numpy my_package   # import these, each in a fresh process
    python -m ft_utils doctor                    # examine installed files, import nothing
    python -m ft_utils doctor --installed        # the same, and import all extension modules

Programs call `examine` for the same report.
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
