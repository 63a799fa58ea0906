r"""Builds what a cluster needs to run the jobs, and puts it where the cluster can read it.

    python scripts/bundle.py --to s3://my-bucket/tidegauge

Three things, below a folder that is named after their content, whose location is printed:

    environment.tar.gz   a Python with the packages of requirements/cluster.txt, each by its hash
    tidegauge.zip        Tidegauge itself
    jobs/                the entry files

The Python is a copy of the one that runs this script, so that the cluster needs none: run it on
the cluster's operating system and kind of processor. With --to a folder, for a cluster whose
machines share a file system, the parts are written there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

from submission import ENVIRONMENT, JOBS, LIBRARY
from tidegauge import __version__
from tidegauge.storage import join, storage_for

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements" / "cluster.txt"
BUILD = ROOT / "build" / "bundle"

_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
# Of the standard library: other people's packages, tests, windows, and what C compilers want.
_LEFT_OUT = ("*-packages", "test", "tests", "idlelib", "ensurepip", "tkinter", "config-*")
# A Python that was built with a shared library looks for it where it was installed.
_LAUNCHER = f"""\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="$here/../lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" exec "$here/{_PYTHON}" "$@"
"""
_PROBE = """\
import sys, ssl, sqlite3, boto3, cattrs, numpy, pandas, pyarrow.parquet, rich, scipy.special, yaml
foreign = [path for path in sys.path if path and not path.startswith(sys.prefix)]
sys.exit(f"it reaches out of itself: {foreign}" if foreign else 0)
"""


def main() -> None:
    """Build, put, and print the bundle's location."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", required=True, metavar="URI", help="s3://bucket/prefix or a folder")
    to = parser.parse_args().to
    print(put(to, environment(BUILD)))


def put(to: str, packed: Path) -> str:
    """Put the packed environment, the library and the entry files; returns the bundle's URI."""
    parts = {LIBRARY: library(), ENVIRONMENT: packed.read_bytes()}
    parts |= {f"jobs/{job}.py": (ROOT / "jobs" / f"{job}.py").read_bytes() for job in JOBS}
    digest = sha256()
    for name, data in sorted(parts.items()):
        digest.update(f"{name} {sha256(data).hexdigest()}\n".encode())
    uri = join(to, f"tidegauge-{__version__}-{digest.hexdigest()[:12]}")
    storage = storage_for(uri)
    for name, data in parts.items():
        if not storage.exists(join(uri, name)):
            storage.write(join(uri, name), data)
    return uri


def library() -> bytes:
    """The package as a zip that can be imported from; the same files give the same bytes."""
    source = ROOT / "src"
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((source / "tidegauge").rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    name = path.relative_to(source).as_posix()
                    archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
        file.seek(0)
        return file.read()


def environment(folder: Path) -> Path:
    """The packed environment in the folder; what was built of the same things is taken again."""
    made_of = f"{sys.version} {sysconfig.get_platform()} {REQUIREMENTS.read_text()} {_LAUNCHER}"
    packed = folder / f"environment-{sha256(made_of.encode()).hexdigest()[:12]}.tar.gz"
    if packed.exists():
        return packed
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        made, moved = Path(place, "made"), Path(place, "moved")
        _copy_python(made)
        _install(made / "lib" / _PYTHON / "site-packages")
        made.rename(moved)
        _check(moved)
        part = Path(place, "part")
        with tarfile.open(part, "w:gz", compresslevel=6) as archive:
            archive.add(moved, ".", filter=_without_owner)
        part.rename(packed)
    return packed


def _copy_python(to: Path) -> None:
    """The interpreter, its standard library and its shared library, at the same places below."""
    (to / "bin").mkdir(parents=True)
    shutil.copy2(Path(sys.executable).resolve(), to / "bin" / _PYTHON)
    launcher = to / "bin" / "python"
    launcher.write_text(_LAUNCHER)
    launcher.chmod(0o755)
    standard = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(standard, to / "lib" / _PYTHON, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    name = sysconfig.get_config_var("INSTSONAME")
    if name and ".so" in name:
        shutil.copy2(Path(sysconfig.get_config_var("LIBDIR"), name), to / "lib" / name)


def _install(to: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    exactly = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, *exactly, "--target", to, "--requirement", REQUIREMENTS], check=True)
    for tests in [path for path in to.rglob("tests") if path.is_dir()]:
        shutil.rmtree(tests, ignore_errors=True)


def _check(environment: Path) -> None:
    """What was moved must work without the machine's own set-up."""
    bare = {"PATH": "/usr/bin:/bin", "HOME": os.devnull}
    done = subprocess.run(
        [environment / "bin" / "python", "-c", _PROBE],
        env=bare, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(
            f"the copy of {sys.executable} does not work elsewhere: {done.stderr.strip()}; run "
            "this script by a Python of its own folder, such as one that uv or pyenv has installed"
        )


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()
