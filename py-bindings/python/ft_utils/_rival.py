"""The other distribution that brings a package of this name."""

import os
import warnings
from pathlib import Path

#: What to do about it. Removing one of the two would take files of the other along.
ADVICE = (
    "Remove both, and install the one that you want: "
    "`python -m pip uninstall ft_utils ft-utils-rs`, then `python -m pip install ft-utils-rs`."
)


def rival() -> str | None:
    """Return the name and version of the other one if it is installed into the same folder.

    Then each file of a name that both have is that of the one that was installed last. It looks at
    names only: this happens at each import, for which importlib.metadata is too slow.
    """
    try:
        names = os.listdir(Path(__file__).parents[1])
    except OSError:
        # In a zip file, for example: there nothing is installed over anything.
        return None
    for name in names:
        stem, suffix = os.path.splitext(name)
        if stem.startswith("ft_utils-") and suffix in (".dist-info", ".egg-info"):
            return " ".join(stem.split("-")[:2])
    return None


def warn_of_rival() -> None:
    """Warn whoever imports the package if the other one is installed as well."""
    if other := rival():
        warnings.warn(
            f"{other} is installed over ft-utils-rs, or the other way round: both have a package "
            f"`ft_utils`, and each file is that of the one that was installed last. {ADVICE}",
            RuntimeWarning,
            # This function, and the package.
            stacklevel=3,
        )
