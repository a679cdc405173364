"""ft_utils.doctor: python -m ft_utils."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from ft_utils import __main__ as command
from ft_utils import __version__, doctor
from ft_utils.doctor import examine
from helpers.builds import FREE_THREADED
from helpers.places import BINDINGS, ROOT

from .shared import OWN_ABI, SUFFIX, install, run_doctor, run_module

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


def test_json_layout(site):
    install(site, "inner", [f"package/inner/_speed{SUFFIX}"])
    done, report = run_doctor("package", "is_not_there")
    assert done.stderr == ""
    assert report["schema"] == doctor.SCHEMA == 1
    assert report["ft_utils"] == __version__
    assert report["status"] == done.returncode == 1
    # Each kind of thing is there, so that its keys are.
    assert all(report[key] for key in ("imports", "extensions", "distributions", "findings"))
    documented = json_keys((ROOT / "docs" / "doctor.md").read_text())
    assert keys(report) == documented


def keys(value, prefix=""):
    """Name all keys, those of objects in objects with a dot between."""
    if isinstance(value, list):
        return set().union(*(keys(one, prefix) for one in value))
    if not isinstance(value, dict):
        return set()
    start = f"{prefix}." if prefix else ""
    return {start + key for key in value}.union(
        *(keys(one, start + key) for key, one in value.items())
    )


def json_keys(page):
    """The keys that the documentation has in the first column of its table."""
    table = page.partition("## JSON")[2]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| `")]
    return {row.strip("`") for row in rows}


def test_text_for_people(site, capsys):
    install(site, "a_distribution_with_a_rather_long_name", [f"package/inner/_speed{SUFFIX}"])
    status = command.main(["doctor", "package", "raises", "declares"])
    text = capsys.readouterr().out
    assert status == 1
    assert "\x1b" not in text
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    kind = "free-threaded" if FREE_THREADED else "with the GIL"
    assert lines[0].startswith(f"CPython {sys.version.split()[0]}, {kind} ({OWN_ABI})")
    rows = [line.split() for line in lines]
    if FREE_THREADED:
        assert ["package", "imported", "on", "package.inner._speed"] in rows
        assert ["declares", "imported", "off"] in rows
    assert "- raises: LookupError: on purpose" in lines


@pytest.mark.parametrize("width", [60, 80, 100])
def test_text_fits(site, width):
    install(site, "a_distribution_with_a_rather_long_name", [f"package/inner/_speed{SUFFIX}"])
    text = examine(["package", "raises"]).to_text(width)
    # Texts for copying are not broken into lines.
    long = [line for line in text.splitlines() if len(line) > width]
    assert all("://" in line or "/bin/" in line or "`" in line for line in long)


def test_status_of_what_is_well():
    done = run_module("doctor", "keyword")
    assert done.returncode == (0 if FREE_THREADED else 1)
    assert f"exit status {done.returncode}" in done.stdout
    done = run_module("doctor", "keyword", "is_not_there")
    assert done.returncode == (2 if FREE_THREADED else 1)


def test_status_of_what_cannot_be_looked_at(monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", "/is/not/there")
    assert command.main(["doctor", "keyword"]) == 2
    assert "/is/not/there" in capsys.readouterr().err


def test_interpreter_that_does_not_start(monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert command.main(["doctor", "keyword"]) == 2
    assert "does not start: the process ended with status 1" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["nonsense"], ["doctor", "--timeout", "0"], ["--nonsense"]])
def test_wrong_usage(words, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(words)
    assert caught.value.code == 2
    assert "usage: python -m ft_utils" in capsys.readouterr().err


def test_help(capsys):
    assert command.main([]) == 0
    text = capsys.readouterr().out
    for word in ("doctor", "--include", "--copy-headers", "--pkgconfigdir", "--version"):
        assert word in text
    with pytest.raises(SystemExit) as caught:
        command.main(["doctor", "--help"])
    assert not caught.value.code
    text = capsys.readouterr().out
    assert "exit status:" in text
    assert max(map(len, text.splitlines())) <= 100


def test_version():
    done = run_module("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ft_utils {__version__}\n", "")


def test_folders(monkeypatch, capsys):
    monkeypatch.setattr(command, "get_include", lambda: "/the/headers")
    monkeypatch.setattr(command, "get_pkgconfig_dir", lambda: "/the/pkgconfig")
    assert command.main(["--include"]) == 0
    assert capsys.readouterr().out == "/the/headers\n"
    assert command.main(["--pkgconfigdir", "--include"]) == 0
    assert capsys.readouterr().out == "/the/headers\n/the/pkgconfig\n"


def test_copies_of_the_headers(tmp_path, capsys):
    folder = tmp_path / "new" / "vendor"
    assert command.main(["--copy-headers", str(folder)]) == 0
    copied = capsys.readouterr().out.splitlines()
    assert str(folder / "ft_compat.h") in copied
    assert sorted(map(Path, copied)) == sorted(one for one in folder.rglob("*") if one.is_file())
    licence = (BINDINGS / "LICENSE").read_text()
    assert (folder / "ft_compat" / "LICENSE").read_text() == licence
    for one in folder.rglob("*.h"):
        text = one.read_text()
        assert "SPDX-License-Identifier: MIT" in text
        # Each included file is there, or belongs to Python or the compiler.
        for name in re.findall(r'^ *# *include "(.*)"', text, re.MULTILINE):
            places = (folder / name, one.parent / name)
            assert name == "pythoncapi_compat.h" or any(place.is_file() for place in places), name
    # Again, over those that are there.
    assert command.main(["--copy-headers", str(folder)]) == 0


def test_headers_that_cannot_be_copied(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert command.main(["--copy-headers", str(tmp_path / "file")]) == 2
    assert "error:" in capsys.readouterr().err
