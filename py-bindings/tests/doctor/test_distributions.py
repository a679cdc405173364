"""ft_utils.doctor: distributions and the interpreters that their files are built for."""

import json
import shutil
import sys
import textwrap

import pytest
from ft_utils.doctor import examine
from helpers.builds import FREE_THREADED

from .shared import (
    FOREIGN,
    GIL_TAG,
    OWN_ABI,
    OWN_TAG,
    SUFFIX,
    TAG,
    distribution,
    free_threaded,
    install,
    with_gil,
)

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


def test_distribution_for_this_interpreter(site):
    files = [f"needs_gil{SUFFIX}", f"package/inner/_speed{SUFFIX}", "package/__init__.py"]
    metadata = textwrap.dedent(
        """\
        Metadata-Version: 2.1
        Name: Some.Thing
        Version: 1.0
        Classifier: Programming Language :: Python
        Classifier: Programming Language :: Python :: Free Threading :: 3 - Stable
        Project-URL: Homepage, https://example.org/
        Project-URL: Bug Tracker, https://example.org/bugs

        Text: of no interest
        """
    )
    install(site, "Some.Thing", files, METADATA=metadata)
    report = examine()
    found = distribution(report, "Some.Thing")
    assert found.version == "1.0"
    assert found.claims == "3 - Stable"
    assert found.report_to == "https://example.org/bugs"
    assert found.wheel_tags == [f"{OWN_TAG}-{OWN_ABI}-linux_x86_64"]
    assert not found.editable
    assert [(one.module, one.tag, one.found, one.declares) for one in found.extensions] == [
        ("needs_gil", TAG, True, None),
        ("package.inner._speed", TAG, True, None),
    ]
    assert {one.abi for one in found.extensions} == {"free-threaded" if FREE_THREADED else "gil"}
    assert not [one for one in report.findings if one.subject == "Some.Thing"]
    assert report.imports == report.extensions == []


@free_threaded
@pytest.mark.parametrize(
    ("file", "tags", "abi", "code"),
    [
        (f"module{SUFFIX}", [GIL_TAG], "free-threaded", None),
        (f"module{FOREIGN}", [GIL_TAG], "gil", "not-loadable"),
        ("module.cp39-win_amd64.pyd", [GIL_TAG], "gil", "not-loadable"),
        ("module.cpython-399t-x86_64-linux-gnu.so", [], "free-threaded", "not-loadable"),
        ("module.pypy310-pp73-x86_64-linux-gnu.so", [], "other", "not-loadable"),
        ("module.so", ["cp313-cp313t-linux_x86_64"], "free-threaded", None),
        ("module.so", [GIL_TAG], "gil", "gil-abi"),
        ("module.so", ["cp39-abi3-linux_x86_64"], "abi3", "abi3"),
        ("module.so", ["cp315-abi3.abi3t-linux_x86_64"], "abi3t", None),
        ("module.so", ["py3-none-linux_x86_64"], "unknown", None),
        ("module.so", [], "unknown", None),
    ],
)
def test_what_files_are_built_for(built, site, file, tags, abi, code):
    shutil.copy(built / "declares", site / file)
    if file == "module.so":
        # It must have the function that makes it a module.
        path = site / file
        path.write_bytes(path.read_bytes().replace(b"PyInit_declares", b"PyInit_module\0\0"))
    install(site, "thing", [file], tags)
    report = examine()
    [extension] = distribution(report, "thing").extensions
    assert (extension.module, extension.abi) == ("module", abi)
    findings = [one for one in report.findings if one.subject == "thing"]
    assert [one.code for one in findings] == [code] * (code is not None)


@free_threaded
def test_stable_abi_with_the_gil(built, site):
    shutil.copy(built / "declares", site / "module.abi3.so")
    install(site, "thing", ["module.abi3.so"], ["cp39-abi3-linux_x86_64"])
    report = examine()
    # From 3.15 on such files are not loaded by mistake.
    [finding] = [one for one in report.findings if one.subject == "thing"]
    assert finding.code == ("abi3" if sys.version_info < (3, 15) else "not-loadable")
    assert "python -m pip install --upgrade --force-reinstall --no-deps thing" in finding.advice


@free_threaded
def test_one_of_several_builds_is_enough(built, site):
    for suffix in (SUFFIX, FOREIGN, ".abi3.so"):
        shutil.copy(built / "declares", site / f"module{suffix}")
    files = [f"module{suffix}" for suffix in (FOREIGN, ".abi3.so", SUFFIX)]
    install(site, "thing", files)
    report = examine()
    assert len(distribution(report, "thing").extensions) == 3
    assert not [one for one in report.findings if one.subject == "thing"]


@with_gil
def test_other_builds_are_no_findings_with_the_gil(built, site):
    shutil.copy(built / "declares", site / f"module{FOREIGN}")
    install(site, "thing", [f"module{FOREIGN}"], [GIL_TAG])
    report = examine()
    assert [one.code for one in report.findings] == ["gil-build"]
    assert "must be installed anew for a free-threaded Python" in " ".join(report.to_text().split())


def test_ordinary_libraries_are_not_modules(built, site):
    for name in ("libthing.so", "thing.libs/libother-1a2b.so", "thing/data-file.so"):
        (site / name).parent.mkdir(exist_ok=True)
        shutil.copy(built / "declares", site / name)
    (site / "empty.so").touch()
    files = ["libthing.so", "thing.libs/libother-1a2b.so", "thing/data-file.so", "empty.so"]
    install(site, "thing", [*files, "is_gone.so", f"is_gone{SUFFIX}"])
    report = examine()
    assert "thing" in report.pure_distributions
    assert "thing" not in [one.name for one in report.distributions]


def test_package_that_is_an_extension(built, site):
    (site / "whole").mkdir()
    shutil.copy(built / "declares", site / "whole" / f"__init__{SUFFIX}")
    install(site, "whole", [f"whole/__init__{SUFFIX}"])
    [extension] = distribution(examine(), "whole").extensions
    assert extension.module == "whole"


def test_first_of_a_name_counts(site, tmp_path, monkeypatch):
    install(site, "my-thing", [f"declares{SUFFIX}"])
    install(tmp_path / "later", "My_Thing", [f"is_not_here{SUFFIX}"])
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "later")])
    report = examine()
    assert distribution(report, "my-thing")
    assert "My_Thing" not in report.pure_distributions


def test_broken_metadata(site):
    install(site, "nameless", METADATA="Metadata-Version: 2.1\n")
    install(site, "empty", METADATA=None, WHEEL=None, RECORD=None)
    install(site, "garbled", direct_url_json="{not json")
    install(site, "sound", [f"declares{SUFFIX}"])
    (site / "odd.dist-info").mkdir()
    (site / "file.dist-info").touch()
    report = examine()
    assert distribution(report, "sound")
    for name in ("nameless", "garbled"):
        assert sum(name in trouble for trouble in report.troubles) == 1
    assert report.status == (2 if FREE_THREADED else 1)
    # Files that are not examined do not matter.
    assert examine(["plain"]).troubles == []


@pytest.mark.parametrize("top_level", [None, "package\n"])
def test_without_a_list_of_files(site, top_level):
    install(site, "package", RECORD=None, top_level_txt=top_level)
    found = distribution(examine(), "package")
    assert [one.module for one in found.extensions] == ["package._fast", "package.inner._speed"]


@pytest.mark.parametrize("layout", ["src", "", "pth"])
def test_editable_installation(site, tmp_path, layout):
    source = tmp_path / "source"
    root = source / ("elsewhere" if layout == "pth" else layout)
    root.mkdir(parents=True)
    shutil.move(site / "package", root / "package")
    (site / "package.pth").write_text(f"# a comment\nimport sys\n{root}\n")
    origin = {"url": source.as_uri(), "dir_info": {"editable": True}}
    files = ["package.pth"] if layout == "pth" else []
    install(site, "package", files, ["py3-none-any"], direct_url_json=json.dumps(origin))
    found = distribution(examine(), "package")
    assert found.editable
    assert [one.module for one in found.extensions] == ["package._fast", "package.inner._speed"]
    assert f"{OWN_TAG}" not in found.wheel_tags
