"""ft_utils.doctor: wheels, and folders where Python does not look."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from ft_utils import __main__ as command
from ft_utils.doctor import examine
from helpers.builds import FREE_THREADED

from .shared import (
    OWN_ABI,
    OWN_TAG,
    SUFFIX,
    distribution,
    free_threaded,
    imported,
    install,
    of_code,
    run_doctor,
)

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


def write_wheel(folder, built, name, **files):
    """Make a wheel of extension modules, each from one that is built."""
    path = folder / f"{name}-1.0-{OWN_TAG}-{OWN_ABI}-linux_x86_64.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for module, source in files.items():
            wheel.write(built / source, module + SUFFIX)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {OWN_TAG}-{OWN_ABI}-linux_x86_64\n"
        )
        names = [one for one in wheel.namelist() if one.endswith(SUFFIX)]
        wheel.writestr(f"{info}/RECORD", "".join(f"{one},,\n" for one in names))
    return path


def test_target_is_looked_at_alone(site, tmp_path, built):
    install(site, "elsewhere", [f"needs_gil{SUFFIX}"])
    target = tmp_path / "target"
    install(target, "good", [f"declares{SUFFIX}"])
    shutil.copy(built / "declares", target / f"declares{SUFFIX}")
    report = examine(target=target)
    assert [one.name for one in report.distributions] == ["good"]
    assert report.extensions == []
    report = examine(installed=True, target=target)
    [extension] = distribution(report, "good").extensions
    assert extension.file == str(target / f"declares{SUFFIX}")
    assert extension.declares is (True if FREE_THREADED else None)
    assert of_code(report, "undeclared") == []
    assert [one.file for one in report.extensions] == [extension.file]
    # Modules too, before those of the same name elsewhere.
    report = imported("declares", target=target)
    assert [one.file for one in report.extensions] == [extension.file]


def test_target_that_is_not_there(tmp_path, capsys):
    with pytest.raises(FileNotFoundError):
        examine(target=tmp_path / "nowhere")
    assert command.main(["doctor", "--target", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_excluded_is_not_looked_at(site):
    install(site, "good", [f"declares{SUFFIX}"])
    install(site, "Bad.One", [f"needs_gil{SUFFIX}"])
    report = examine(installed=True, exclude=["bad-one"])
    assert [one.name for one in report.distributions] == ["good"]
    assert of_code(report, "undeclared") == report.troubles == []
    report = examine(exclude=["good", "misspelt", "Bad_One"])
    assert report.distributions == []
    assert report.troubles == ["nothing that could be excluded is called misspelt"]
    with pytest.raises(TypeError, match="a list of names, not the string 'good'"):
        examine(exclude="good")


def test_wheel_before_it_is_installed(site, tmp_path, built):
    good = write_wheel(tmp_path, built, "good", declares="declares")
    data = "bad-1.0.data/platlib/needs_gil"
    bad = write_wheel(tmp_path, built, "bad", **{data: "needs_gil"})
    done, report = run_doctor("--wheel", str(good))
    assert [one["name"] for one in report["distributions"]] == ["good"]
    assert report["findings"] == [] or not FREE_THREADED
    done, report = run_doctor("--wheel", str(good), "--wheel", str(bad))
    assert [one["name"] for one in report["distributions"]] == ["bad", "good"]
    if FREE_THREADED:
        undeclared = [one for one in report["findings"] if one["code"] == "undeclared"]
        assert [one["distribution"] for one in undeclared] == ["bad"]
        assert done.returncode == 1
    # The unpacked files are gone.
    assert not Path(report["distributions"][0]["folder"]).exists()


def test_what_is_no_wheel(tmp_path, capsys):
    text = tmp_path / "text.whl"
    text.write_text("not a wheel")
    for file, message in [
        (text, "text.whl is no wheel: File is not a zip file"),
        (tmp_path / "nothing.whl", "nothing.whl"),
        (tmp_path / "source.zip", "source.zip is not called as a wheel"),
    ]:
        assert command.main(["doctor", "--wheel", str(file)]) == 2
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["doctor", "--wheel", str(text), "--target", str(tmp_path)])
    assert "cannot be used together" in capsys.readouterr().err


@free_threaded
def test_nothing_that_could_need_the_gil(site):
    install(site, "pure", ["plain.py"])
    assert (examine().troubles, examine().status) == ([], 0)


def test_findings_are_grouped(site, built):
    shutil.copy(built / "declares", site / "module.abi3.so")
    both = [f"needs_gil{SUFFIX}", f"needs_gil_in_slots{SUFFIX}", "module.abi3.so"]
    install(site, "several", both, [f"{OWN_TAG}-abi3-linux_x86_64"])
    install(site, "inner", [f"package/inner/_speed{SUFFIX}"])
    (site / "many.py").write_text("import needs_gil, package.inner._speed, needs_gil_in_slots")
    report = examine(["many"])
    text = report.to_text()
    blocks = [" ".join(one.split()) for one in text.split("\n\n") if re.match(r"\d+\. ", one)]
    if not FREE_THREADED:
        assert len(blocks) == 1
        return
    several, inner = blocks
    assert "1. needs_gil (several 1.0)" in several
    assert "2. needs_gil_in_slots (several 1.0)" in several
    assert "inner" not in several.replace("package.inner", "")
    assert several.count("pip install --upgrade several") == 1
    assert "package.inner._speed (inner 1.0)" in inner
    assert text.count("PYTHON_GIL=0") == 1
    assert all("PYTHON_GIL=0" in one.advice for one in of_code(report, "undeclared"))
    assert {one.distribution for one in report.findings} == {"several", "inner"}
    numbers = re.findall(r"^(\d+)\. ", text, re.MULTILINE)
    assert numbers == [str(number + 1) for number in range(len(report.findings))]
