"""The installed distributions with extension modules, and the builds that these are for."""

import csv
import json
import mmap
import os
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path, PurePath
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

__all__ = ["Abi", "Distribution", "ExtensionFile", "scan"]

#: The build that an extension module is for: one version without the GIL (``cp314t``), one version
#: with the GIL (``cp314``), the stable ABI without the GIL (``abi3t``) or with it (``abi3``),
#: another implementation, or unknown if the file does not tell.
Abi = Literal["free-threaded", "gil", "abi3t", "abi3", "other", "unknown"]

_FREE_CLASSIFIER = "Programming Language :: Python :: Free Threading :: "
_CPYTHON_TAG = re.compile(r"(?:cpython-|cp)(?P<version>\d+)(?P<flags>[a-z]*)(?:-|$)")
_STABLE_TAG = re.compile(r"(?P<abi>abi3t?)(?:-|$)")


@dataclass
class ExtensionFile:
    """An extension module in a distribution."""

    module: str
    file: str
    #: The part of the file's name that tells the build: ``cpython-314t-darwin``. It may be empty.
    tag: str
    abi: Abi
    #: Whether this interpreter would load a file with that name.
    found: bool
    #: Whether it declares that it can do without the GIL; None if no free-threaded interpreter has
    #: loaded it, because only loading it tells.
    declares: bool | None = None


@dataclass
class Distribution:
    """An installed distribution with extension modules."""

    name: str
    version: str
    folder: str
    editable: bool
    #: The tags of the wheel that it was installed from. The list is empty without a wheel.
    wheel_tags: list[str]
    #: The state of its support for free threading, by its classifiers: ``"2 - Beta"``.
    claims: str | None
    #: The address where its authors want problems to be reported.
    report_to: str | None
    extensions: list[ExtensionFile] = field(default_factory=list)


def scan(
    target: str | None = None, exclude: Collection[str] = ()
) -> tuple[list[Distribution], list[str], list[str]]:
    """Examine the distributions that this interpreter finds, without importing any module.

    With `target`, examine only those in that folder. Returns the distributions with extension
    modules, the names of the others, and a line for each one that could not be read.
    """
    left_out = {_key(name): name for name in exclude}
    native: list[Distribution] = []
    others: list[str] = []
    troubles: list[str] = []
    seen: set[str] = set()
    for installed in metadata.distributions(path=sys.path if target is None else [target]):
        try:
            name = installed.metadata["Name"]
            if not name:
                raise ValueError("its metadata has no name")
            key = _key(name)
            if key in seen:
                continue  # One that comes earlier on the path hides it.
            seen.add(key)
            if key in left_out:
                continue
            distribution = _read(installed, name)
        except Exception as error:
            # An error in one distribution must not hide the others.
            where = getattr(installed, "_path", installed)
            troubles.append(f"{where}: {type(error).__name__}: {error}")
            continue
        if distribution.extensions:
            native.append(distribution)
        else:
            others.append(name)
    troubles += [
        f"nothing that could be excluded is called {name}"
        for key, name in left_out.items()
        if key not in seen
    ]
    native.sort(key=lambda one: one.name.lower())
    return native, sorted(others, key=str.lower), troubles


def _key(name: str) -> str:
    """Return the normal form of a name, the same for all its spellings."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _read(installed: metadata.Distribution, name: str) -> Distribution:
    headers = installed.metadata
    classifiers = headers.get_all("Classifier", [])
    claims = [text for text in classifiers if text.startswith(_FREE_CLASSIFIER)]
    folder = Path(str(installed.locate_file("")))
    source = _editable_source(installed)
    found = Distribution(
        name=name,
        version=headers["Version"] or "",
        folder=str(folder),
        editable=source is not None,
        wheel_tags=_wheel_tags(installed),
        claims=claims[0].removeprefix(_FREE_CLASSIFIER) if claims else None,
        report_to=_report_to(headers),
    )
    files = _files(installed, name, folder)
    if source is not None:
        files = [*files, *_files_of_source(installed, name, folder, source)]
    for root, file in files:
        extension = _extension(root, file)
        if extension is not None and extension not in found.extensions:
            found.extensions.append(extension)
    _tell_by_wheel(found)
    found.extensions.sort(key=lambda one: (one.module, one.file))
    return found


def _wheel_tags(installed: metadata.Distribution) -> list[str]:
    text = installed.read_text("WHEEL")
    wheel: Message = HeaderParser().parsestr(text or "")
    return [str(tag).strip() for tag in wheel.get_all("Tag", [])]


def _report_to(headers: metadata.PackageMetadata) -> str | None:
    """Return the address for reports of problems, or an address that leads there."""
    addresses: dict[str, str] = {}
    for line in headers.get_all("Project-URL", []):
        label, _, address = line.partition(",")
        addresses.setdefault(label.strip().lower(), address.strip())
    for address in headers.get_all("Home-page", []):
        addresses.setdefault("home", address)
    for word in ("issue", "bug", "tracker", "source", "repository", "github", "home"):
        for label, address in addresses.items():
            if word in label and address.startswith("http"):
                return address
    return None


# The files of a distribution, each with the folder in which its module's name begins.


def _files(
    installed: metadata.Distribution, name: str, folder: Path
) -> list[tuple[Path, PurePath]]:
    record = _record(installed)
    if record is not None:
        return [(folder, file) for file in record if file.suffix in (".so", ".pyd")]
    # There is no list of files, as in packages of Debian: take all files in its own folders.
    return [
        (folder, file.relative_to(folder))
        for top in _top_levels(installed, name)
        for file in _shared_objects(folder, top)
    ]


def _files_of_source(
    installed: metadata.Distribution, name: str, folder: Path, source: Path
) -> list[tuple[Path, PurePath]]:
    """Return the files of an editable installation.

    Import hooks are not called, because some of them build the whole project. So files in a folder
    that only an import hook knows are missed.
    """
    roots = [source, source / "src", source / "python"]
    for file in _record(installed) or []:
        if file.suffix == ".pth":
            text = folder.joinpath(file).read_text(encoding="utf-8", errors="replace")
            lines = (line.strip() for line in text.splitlines())
            roots += [folder / ln for ln in lines if ln and not ln.startswith(("#", "import"))]
    return [
        (root, file.relative_to(root))
        for root in dict.fromkeys(map(Path, map(os.path.normpath, roots)))
        for top in _top_levels(installed, name)
        for file in _shared_objects(root, top)
    ]


def _record(installed: metadata.Distribution) -> list[PurePath] | None:
    # Not Distribution.files, which looks for each file on the disk: there may be thousands.
    text = installed.read_text("RECORD")
    if text is None:
        return None
    return [PurePath(row[0]) for row in csv.reader(text.splitlines()) if row]


def _top_levels(installed: metadata.Distribution, name: str) -> list[str]:
    listed = (installed.read_text("top_level.txt") or "").split()
    return listed or [re.sub(r"[-.]+", "_", name)]


def _shared_objects(root: Path, top: str) -> Iterator[Path]:
    """Find the shared objects of a top-level package or module in a folder."""
    yield from (file for file in root.glob(f"{top}.*") if file.suffix in (".so", ".pyd"))
    for folder, _, names in os.walk(root / top):
        yield from (Path(folder, name) for name in names if name.endswith((".so", ".pyd")))


def _editable_source(installed: metadata.Distribution) -> Path | None:
    text = installed.read_text("direct_url.json")
    if not text:
        return None
    origin = json.loads(text)
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return Path(url2pathname(urlsplit(origin["url"]).path))


# Single files


def _extension(root: Path, file: PurePath) -> ExtensionFile | None:
    """Describe a shared object; return None unless it exists and is an extension module."""
    stem, _, rest = file.name.partition(".")
    tag = rest.rpartition(".")[0]
    parts = [*file.parts[:-1], stem]
    path = root.joinpath(file)
    if not all(part.isidentifier() for part in parts) or not path.is_file():
        return None
    abi = _abi(tag)
    # Ordinary libraries have names without tags, too.
    if not tag and not _is_module(path, stem):
        return None
    if stem == "__init__":
        parts.pop()
    found = file.name[len(stem) :] in EXTENSION_SUFFIXES
    return ExtensionFile(".".join(parts), str(path), tag, abi, found)


def _abi(tag: str) -> Abi:
    if not tag:
        return "unknown"
    if match := _CPYTHON_TAG.match(tag):
        return "free-threaded" if "t" in match["flags"] else "gil"
    if match := _STABLE_TAG.match(tag):
        return "abi3t" if match["abi"] == "abi3t" else "abi3"
    return "other"


def _is_module(path: Path, stem: str) -> bool:
    """Tell whether a file has the function that an extension module must have."""
    if stem == "__init__":
        stem = path.parent.name
    names = [f"PyInit_{stem}".encode(), f"PyModExport_{stem}".encode()]
    if not stem.isascii():
        code = stem.encode("punycode").replace(b"-", b"_")
        names = [b"PyInitU_" + code, b"PyModExportU_" + code]
    try:
        # Some files are larger than the memory.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return any(text.find(name) >= 0 for name in names)
    except (OSError, ValueError):
        return False  # The file cannot be read, or is empty.


def _tell_by_wheel(found: Distribution) -> None:
    """Use the tags of the wheel where the names of the files do not tell the build."""
    fields = [tag.split("-") for tag in found.wheel_tags if tag.count("-") >= 2]
    abis = {abi for field in fields for abi in field[1].split(".")}
    if not abis or "none" in abis or found.editable:
        return
    for extension in found.extensions:
        if extension.abi == "abi3" and "abi3t" in abis:
            # One file serves both ABIs, and has the name of the older one.
            extension.abi = "abi3t"
        elif extension.abi == "unknown":
            kinds = {_abi(abi) for abi in abis}
            for kind in ("free-threaded", "abi3t", "abi3", "gil"):
                if kind in kinds:
                    extension.abi = kind
                    break
