"""The house: what the linters and the import contracts cannot say about the project's files."""

from __future__ import annotations

import ast
import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

import yaml

import tidegauge

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "tidegauge"
MODULES = sorted(PACKAGE.rglob("*.py"))
JOBS = sorted((ROOT / "jobs").glob("*.py"))
CONFS = sorted((ROOT / "conf").iterdir())

SCRIPTS = "src/tidegauge/sources/script.py"

LINES_OF_A_MODULE = 300
LINES_OF_A_JOB = 15
BANNED_NAMES = {"utils", "helpers", "common", "base", "core", "manager", "factory", "handler"}

# What only the terminal, the wall clock or chance can answer.
IMPURE = re.compile(r"print|(.+\.)?(now|utcnow|today|time\.time(_ns)?|uuid1|uuid4)")

# A home or a mount of one machine, and where one machine gets its packages from.
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|mnt|var/folders)/\w")
REGISTRY = re.compile(
    r"(?:extra[-_])?index[-_]url|\bfiles\.python[h]osted|/(?:simple|pypi)/|\bregistry\.npm"
    r"|[\"']resolved[\"']:|--trusted-host\b|\b(?:artifactory|nexus)\b",
    re.IGNORECASE,
)


def tracked_files() -> list[Path]:
    """What git keeps, or would keep after `git add --all`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = (ROOT / name for name in listed.split("\0") if name)
    return sorted(path for path in files if path.is_file())


def named(path: Path) -> str:
    """A file's name as people know it."""
    return str(path.relative_to(ROOT))


def text(path: Path) -> str:
    """A file's content."""
    return path.read_text(encoding="utf-8", errors="replace")


def code_lines(path: Path) -> set[int]:
    """The lines that hold code: neither blank, nor comment, nor docstring."""
    statements = ast.parse(text(path)).body
    if ast.get_docstring(ast.Module(statements, [])) is not None:
        statements = statements[1:]
    return {line for node in statements for line in range(node.lineno, (node.end_lineno or 0) + 1)}


def calls(path: Path) -> list[tuple[str, int]]:
    """What a module calls, as it is written there, and the line."""
    nodes = ast.walk(ast.parse(text(path)))
    return [(ast.unparse(node.func), node.lineno) for node in nodes if isinstance(node, ast.Call)]


def is_door(path: Path) -> bool:
    """Whether a module knows the terminal, the clock and chance."""
    doors = {"app.py", "commands.py", "terminal.py", "upkeep.py"}
    return path.relative_to(PACKAGE).parts[0] in doors


def test_a_module_can_be_read_in_one_sitting() -> None:
    """One reason to exist fits into 300 lines."""
    lengths = {named(path): len(text(path).splitlines()) for path in MODULES}
    assert {} == {name: lines for name, lines in lengths.items() if lines > LINES_OF_A_MODULE}


def test_no_module_is_named_after_nothing() -> None:
    """A module is called after what it knows."""
    names = {part for path in MODULES for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert set() == names & BANNED_NAMES


def test_only_the_door_prints_and_looks_at_the_clock() -> None:
    """Below `app` nothing prints, asks for the time or draws an id: a window run again is equal."""
    found = [
        f"{named(path)}:{line}: {name}()"
        for path in MODULES
        if not is_door(path)
        for name, line in calls(path)
        if IMPURE.fullmatch(name)
    ]
    assert [] == found


def test_nothing_is_unpickled_or_evaluated() -> None:
    """What comes from the store or from captures is data: no module could turn it into code."""
    banned = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
    running = {"eval", "exec", "yaml.load_all", "yaml.unsafe_load", "np.load", "pd.read_pickle"}
    found = [
        f"{named(path)}: {node.names[0].name if isinstance(node, ast.Import) else node.module}"
        for path in MODULES
        for node in ast.walk(ast.parse(text(path)))
        if (isinstance(node, ast.Import) and banned & {name.name for name in node.names})
        or (isinstance(node, ast.ImportFrom) and node.module in banned)
    ]
    called = [f"{named(path)}: {name}" for path in MODULES for name, _ in calls(path)
              if name in running]  # fmt: skip
    # Scripts that the conf names are the operator's own code: that is what they are for.
    assert ([], []) == (found, [c for c in called if not c.startswith(SCRIPTS)])


def test_py4j_is_reached_only_by_the_engine_that_must() -> None:
    """`_jvm` does not exist on Spark Connect; Deequ is there or not at all."""
    reaching = {named(path) for path in MODULES if "_jvm" in text(path)}
    engines = {"src/tidegauge/engines/deequ.py", "src/tidegauge/engines/deequ_profile.py"}
    assert reaching <= engines


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    """What is committed works elsewhere."""
    found = [
        f"{named(path)}:{number}: {line.strip()}"
        for path in tracked_files()
        if path != Path(__file__)
        for number, line in enumerate(text(path).splitlines(), start=1)
        if MACHINE.search(line) or REGISTRY.search(line)
    ]
    assert [] == found


def test_a_conf_is_yaml_of_the_known_version() -> None:
    """What a conf's keys mean is tested beside the code that reads them."""
    versions = {named(path): yaml.safe_load(text(path))["version"] for path in CONFS}
    assert dict.fromkeys(versions, 1) == versions
    assert "conf/flights.yaml" in versions


def test_an_entry_file_is_a_door_and_no_room() -> None:
    """spark-submit ships one file; everything else is in the package."""
    lengths = {path.name: len(code_lines(path)) for path in JOBS}
    assert ["baseline.py", "monitor.py", "report.py"] == list(lengths)
    assert max(lengths.values()) <= LINES_OF_A_JOB


def test_make_alone_explains_every_target() -> None:
    """Each target has its sentence, and plain `make` prints them all."""
    makefile = text(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
    printed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    explained = dict(re.findall(r"^  make ([a-z0-9-]+) +(\S.*)$", printed, re.MULTILINE))
    assert {"demo", "test", "env"} <= targets
    assert targets == set(explained)


def test_the_pins_are_exact_and_cover_what_setup_cfg_asks_for() -> None:
    """`name==version`, one a line; all that the project installs is among them."""
    pins = text(ROOT / "requirements" / "dev.txt").splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    wanted = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    asked = {match[0].lower() for match in re.finditer(r"^[\w-]+", "\n".join(wanted), re.MULTILINE)}
    assert asked <= {pin.partition("==")[0].lower() for pin in pins}


def test_the_changelog_knows_the_version() -> None:
    """Whoever installs a version can read what it brought."""
    assert f"[{tidegauge.__version__}]" in text(ROOT / "CHANGELOG.md")
