"""The findings: what is wrong, and advice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ft_utils._native import __version__
from ft_utils._rival import ADVICE
from ft_utils.doctor._distributions import Distribution, ExtensionFile
from ft_utils.doctor._interpreter import Interpreter
from ft_utils.doctor._probe import Import

__all__ = [
    "GENERAL",
    "Code",
    "Finding",
    "not_loaded",
    "of_distribution",
    "of_imports",
    "of_interpreter",
    "of_rival",
]

Code = Literal[
    "both-installed",
    "gil-build",
    "gil-forced-on",
    "gil-on",
    "undeclared",
    "abi3",
    "gil-abi",
    "not-loadable",
]


#: Advice that is the same for all distributions.
GENERAL = (
    " PYTHON_GIL=0 or -X gil=0 keeps the GIL off all the same, at your own risk: code that counts "
    "on the GIL may then corrupt data or crash.",
    " Scientific packages have early wheels at "
    "https://pypi.anaconda.org/scientific-python-nightly-wheels/simple (pip's --index-url).",
)
_KEEP_OFF, _EARLY_WHEELS = GENERAL


@dataclass(frozen=True)
class Finding:
    """Something that keeps the GIL on, brings it back, or cannot be loaded without it."""

    #: The kind of finding. It stays the same in later releases; the texts may change.
    code: Code
    #: The module or the distribution that is wrong; ``python`` for the interpreter.
    subject: str
    message: str
    advice: str
    #: The name of that distribution, if it is known.
    distribution: str | None = None


def of_rival(rival: str | None) -> Iterator[Finding]:
    """Say that two distributions have this package, if they do."""
    if rival:
        message = (
            f"{rival} and ft-utils-rs {__version__} are both installed, and have one package "
            "`ft_utils`: the files that both have are those of the one that was installed last."
        )
        yield Finding("both-installed", "ft_utils", message, ADVICE)


def not_loaded(native: list[Distribution]) -> Iterator[str]:
    """Name the distributions with modules that were not loaded, so that their need is unknown."""
    names = [
        one.name
        for one in native
        # This process has loaded the module of `ft_utils` itself.
        if any(each.found and each.module != "ft_utils._native" for each in one.extensions)
    ]
    if names:
        have = "has extension modules" if len(names) == 1 else "have extension modules"
        yield (
            f"{_listed(names)} {have}, which were not loaded. Only loading them tells whether they "
            "bring the GIL back: `python -m ft_utils doctor --installed`."
        )


def of_interpreter(interpreter: Interpreter, at_start: list[str]) -> Iterator[Finding]:
    """Find out why the GIL of this interpreter is on, if it is."""
    version = ".".join(interpreter.version.split(".")[:2])
    if not interpreter.free_threaded:
        yield Finding(
            "gil-build",
            "python",
            "This interpreter was built with the GIL, and has no way to run without it.",
            "Install a free-threaded build beside it, 3.14t or later, and make the environment "
            "anew with that one: for example with `uv venv --python 3.14t`, with the installers of "
            "python.org, or from source with `./configure --disable-gil`.",
        )
    elif interpreter.gil_setting == "on":
        yield Finding(
            "gil-forced-on",
            "python",
            f"The GIL is forced on by {interpreter.gil_setting_from}.",
            "Take the setting away; then the GIL is off until a module asks for it.",
        )
    elif at_start:
        yield Finding(
            "gil-on",
            "python",
            "The GIL comes back before any of your code runs, as the interpreter starts: "
            f"{_listed(at_start)} {_does(at_start)} not declare to work without it.",
            "Find what imports it so early: a .pth file in site-packages, sitecustomize or "
            f"usercustomize (`python -v -c pass` shows the order in Python {version}). "
            + _upgrade(None),
        )
    elif interpreter.gil_enabled and interpreter.gil_setting == "default":
        yield Finding(
            "gil-on",
            "python",
            "The GIL is on in this process: a module that it has imported brought it back.",
            "Name the modules that the program imports, and the doctor says which: "
            "`python -m ft_utils doctor MODULE ...`.",
        )


def of_imports(
    imports: list[Import], undeclared: list[str], owners: dict[str, Distribution]
) -> Iterator[Finding]:
    """Say which extension modules bring the GIL back, and through which of the imports."""
    for module in undeclared:
        owner = owners.get(module)
        through = [one.module for one in imports if one.gil_brought_by == module]
        of = f" ({owner.name} {owner.version})" if owner else ""
        message = f"{module}{of} does not declare that it can run without the GIL"
        if through and through != [module]:
            message += f"; importing {_listed(through)} loads it, and turns the GIL on."
        elif through:
            message += "; importing it turns the GIL on."
        else:
            message += "; another was loaded before it, and had turned the GIL on already."
        name = owner.name if owner else None
        yield Finding("undeclared", module, message, _upgrade(owner), name)


def of_distribution(interpreter: Interpreter, found: Distribution) -> Iterator[Finding]:
    """Say which extension modules were built for other interpreters than this free-threaded one."""
    by_module: dict[str, list[ExtensionFile]] = {}
    for extension in found.extensions:
        by_module.setdefault(extension.module, []).append(extension)
    wrong: dict[Code, list[ExtensionFile]] = {}
    for files in by_module.values():
        loaded = [file for file in files if file.found]
        if not loaded:
            wrong.setdefault("not-loadable", []).append(files[0])
        elif all(file.abi == "abi3" for file in loaded):
            wrong.setdefault("abi3", []).append(loaded[0])
        elif all(file.abi in ("abi3", "gil", "other") for file in loaded):
            wrong.setdefault("gil-abi", []).append(loaded[0])
    who = f"{found.name} {found.version}"
    for code, files in wrong.items():
        what = _listed([file.module for file in files])
        match code:
            case "not-loadable":
                built_for = sorted({file.tag for file in files})
                message = (
                    f"{who} has {what} built for {_listed(built_for)}, which this interpreter "
                    "does not load: the import fails, or falls back on slower Python code."
                )
            case "abi3":
                message = (
                    f"{who} has {what} built for the stable ABI with the GIL (abi3). This "
                    "interpreter would load it, and may crash: its objects have another layout. "
                    "Before Python 3.15 (abi3t) there is no stable ABI without the GIL."
                )
            case _:
                message = (
                    f"{who} has {what} built for a Python with the GIL, by the tags of its wheel. "
                    "The file's name does not tell, so this interpreter would load it, and may "
                    "crash: its objects have another layout."
                )
        advice = _reinstall(interpreter, found)
        yield Finding(code, found.name, message, advice, found.name)


def _upgrade(owner: Distribution | None) -> str:
    name = owner.name if owner else "NAME"
    report = f"report it ({owner.report_to})" if owner and owner.report_to else "report it"
    if owner and owner.editable:
        first = "If it is yours and safe without the GIL, declare that: Py_mod_gil in its slots."
    else:
        first = f"Look for a release that declares it: `python -m pip install --upgrade {name}`."
    return f"{first} Else {report} to its authors.{_KEEP_OFF}"


def _reinstall(interpreter: Interpreter, found: Distribution) -> str:
    if found.editable:
        return "Build it anew with this interpreter."
    report = f" ({found.report_to})" if found.report_to else ""
    return (
        f"Install it with this interpreter: `python -m pip install --upgrade --force-reinstall "
        f"--no-deps {found.name}`. pip takes a wheel whose tag is {interpreter.tag}, or else "
        "builds from source. Where there is no such wheel, ask its authors for one"
        f"{report}.{_EARLY_WHEELS}"
    )


def _does(names: list[str]) -> str:
    return "does" if len(names) == 1 else "do"


def _listed(names: list[str], most: int = 4) -> str:
    """List some names, and count the rest."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
