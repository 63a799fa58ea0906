"""What the documents say of tests is there: files, functions, and which of them are heavy."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`(?: \((heavy)\))?")


def functions(path: Path) -> dict[str, str]:
    """The tests of a file, each with its decorators and the file's own marks."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    marks = " ".join(
        ast.unparse(node) for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    )  # fmt: skip
    return {
        node.name: marks + " ".join(map(ast.unparse, node.decorator_list))
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def test_every_test_that_a_document_names_is_there() -> None:
    """Under that name, and heavy if that is said of it."""
    wrong = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for file, name, heavy in NAMED.findall(page.read_text(encoding="utf-8")):
            path = ROOT / file
            if not path.is_file():
                wrong.append(f"{page.name}: {file}")
            elif name and name not in (found := functions(path)):
                wrong.append(f"{page.name}: {file}::{name}")
            elif name and bool(heavy) != ("mark.heavy" in found[name].split("parametrize")[0]):
                wrong.append(f"{page.name}: {file}::{name} is {'not ' * bool(heavy)}heavy")
    assert [] == wrong


def test_every_file_with_heavy_tests_is_in_the_table() -> None:
    """CONTRIBUTING says what each needs and how long it takes."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(tests/[\w/]+\.py)`", page, re.MULTILINE)
    marked = [
        str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")
        if re.search(r"mark\.heavy\b", path.read_text(encoding="utf-8"))
    ]  # fmt: skip
    own = str(Path(__file__).relative_to(ROOT))
    assert sorted(listed) == sorted(set(marked) - {own})


def test_every_fault_has_a_test() -> None:
    """A row of the table names at least one."""
    lines = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert [] == [row for row in rows if not NAMED.search(row)]
