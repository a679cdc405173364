"""The other distribution that has a package of this name."""

import os
import warnings
from pathlib import Path

#: The advice to users. Removing only one of the two would remove files of the other.
ADVICE = (
    "Remove both, and install the one that you want: "
    "`python -m pip uninstall ft_utils ft-utils-rs`, then `python -m pip install ft-utils-rs`."
)


def rival() -> str | None:
    """Return the name and version of the other distribution if it is in the same folder.

    If it is, each file that both have is that of the distribution that was installed last. This
    runs at each import, for which importlib.metadata is too slow, so it looks at file names only.
    """
    try:
        names = os.listdir(Path(__file__).parents[1])
    except OSError:
        # In a zip file, for example, where nothing is installed over anything.
        return None
    for name in names:
        stem, suffix = os.path.splitext(name)
        if stem.startswith("ft_utils-") and suffix in (".dist-info", ".egg-info"):
            return " ".join(stem.split("-")[:2])
    return None


def warn_of_rival() -> None:
    """Warn the importing code if the other distribution is installed as well."""
    if other := rival():
        warnings.warn(
            f"{other} is installed over ft-utils-rs, or the other way round: both have a package "
            f"`ft_utils`, and each file is that of the one that was installed last. {ADVICE}",
            RuntimeWarning,
            # This function, and the package.
            stacklevel=3,
        )
