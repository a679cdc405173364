"""The commands of ``python -m ft_utils``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

# Not from `ft_utils`: its files may be those of another distribution, which the doctor reports.
from ft_utils._native import __version__
from ft_utils._paths import copy_headers, get_include, get_pkgconfig_dir
from ft_utils.doctor import Report, examine
from ft_utils.doctor._wheel import unpacked

_DOCTOR = """\
Say whether this interpreter runs without the GIL, and what brings it back.

With modules, import each in a fresh process and name the extension modules, however deep, that do
not declare that they can do without the GIL. Without, look at the installed distributions for
extension modules that were not built for this free-threaded interpreter; this imports nothing.
"""

_STATUS = """\
exit status:
  0  nothing found: the GIL is off, and stays off with all that was looked at
  1  findings: the GIL is on, or comes back, or a module was not built for doing without
  2  wrong usage, or nothing found but not all was looked at: without MODULE and --installed,
     no extension module is

Only loading an extension module tells whether it declares to work without the GIL. The doctor loads
what it is asked to, with the default setting of the GIL even where PYTHON_GIL says otherwise.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "doctor":
        if options.wheel and options.target is not None:
            parser.error("--wheel and --target cannot be used together")
        return _doctor(options)
    if options.include:
        print(get_include())
    if options.pkgconfigdir:
        print(get_pkgconfig_dir())
    if options.copy_headers is not None:
        try:
            print(*copy_headers(options.copy_headers), sep="\n")
        except OSError as error:
            print(f"{parser.prog}: error: {error}", file=sys.stderr)
            return 2
    elif not (options.include or options.pkgconfigdir):
        parser.print_help()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ft_utils",
        description="Help with Python without the GIL, and with extension modules for it.",
    )
    parser.add_argument("--version", action="version", version=f"ft_utils {__version__}")
    parser.add_argument(
        "--include",
        action="store_true",
        help='print the folder of ft_compat.h: cc -I"$(python -m ft_utils --include)" ...',
    )
    parser.add_argument(
        "--pkgconfigdir",
        action="store_true",
        help="print the folder of the pkg-config file, for PKG_CONFIG_PATH",
    )
    parser.add_argument(
        "--copy-headers",
        type=Path,
        metavar="DIR",
        help="copy ft_compat.h and its parts into a folder of your project",
    )
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    doctor = commands.add_parser(
        "doctor",
        help="say whether the GIL is off, and what brings it back",
        description=_DOCTOR,
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doctor.add_argument(
        "modules", nargs="*", metavar="MODULE", type=_module, help="a module to import"
    )
    doctor.add_argument(
        "--installed",
        action="store_true",
        help="look at all installed distributions, and import their extension modules",
    )
    doctor.add_argument(
        "--wheel",
        action="append",
        default=[],
        metavar="FILE",
        help="look at a wheel that is not installed, and import its extension modules",
    )
    doctor.add_argument(
        "--target",
        metavar="DIR",
        help="look at what is installed in a folder, as by `pip install --target`, alone",
    )
    doctor.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="NAME",
        help="leave a distribution out",
    )
    doctor.add_argument("--json", action="store_true", help="print all that was seen, in JSON")
    doctor.add_argument(
        "--timeout",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long each process may take (%(default)g)",
    )
    return parser


def _doctor(options: argparse.Namespace) -> int:
    try:
        if options.wheel:
            with unpacked(options.wheel) as folder:
                report = _examine(options, folder, installed=True)
        else:
            report = _examine(options, options.target, installed=options.installed)
    except OSError as error:
        print(f"python -m ft_utils doctor: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(report.to_json() if options.json else report.to_text(), end="\n" if options.json else "")
    return report.status


def _examine(options: argparse.Namespace, target: str | None, installed: bool) -> Report:
    return examine(
        options.modules,
        installed=installed,
        timeout=options.timeout,
        target=target,
        exclude=options.exclude,
    )


def _module(text: str) -> str:
    if not all(part.isidentifier() for part in text.split(".")):
        raise ValueError
    return text


def _seconds(text: str) -> float:
    if not 0 < (number := float(text)) < float("inf"):
        raise ValueError
    return number


# The names that argparse shows if an argument is wrong.
_module.__name__ = "module name"
_seconds.__name__ = "positive number"


if __name__ == "__main__":
    sys.exit(main())
