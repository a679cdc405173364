"""Wheel files, before they are installed."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["unpacked"]


@contextmanager
def unpacked(wheels: Iterable[str]) -> Iterator[str]:
    """Unpack wheel files into a temporary folder, as an installation would.

    Raises `OSError` if a file is no wheel or cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="ft_utils_doctor_") as folder:
        for wheel in wheels:
            if not wheel.endswith(".whl"):
                raise OSError(f"{wheel} is not called as a wheel, which ends in .whl")
            try:
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(folder)
            except zipfile.BadZipFile as error:
                raise OSError(f"{wheel} is no wheel: {error}") from error
        _spread(Path(folder))
        yield folder


def _spread(folder: Path) -> None:
    """Move the files of ``purelib`` and ``platlib`` to the top: both are one place here."""
    for place in [*folder.glob("*.data/purelib"), *folder.glob("*.data/platlib")]:
        shutil.copytree(place, folder, dirs_exist_ok=True)
        prefix = f"{place.parent.name}/{place.name}/"
        for record in folder.glob("*.dist-info/RECORD"):
            record.write_text(record.read_text("utf-8").replace(prefix, ""), "utf-8")
