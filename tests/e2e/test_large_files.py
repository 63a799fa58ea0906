"""A file larger than a part is read in slices, each by a task of its own, like any other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.world import strict_json, world

from tidegauge.sources.parts import PART_BYTES

if TYPE_CHECKING:
    from pathlib import Path

LONG = b'"a text, of ""two"" lines\n' + b"x" * 50_000 + b'"\n'
ROWS = PART_BYTES // len(LONG) + 100
WORDS_FROM = ROWS - 10  # from here on, in the second slice, `mixed` has no numbers


def row(i: int) -> bytes:
    """A number, a number that becomes a word, and a text over two lines."""
    mixed = i if i < WORDS_FROM else f"w{i}"
    return f"{i},{mixed},".encode() + LONG


def test_a_large_file_has_one_baseline(tmp_path: Path) -> None:
    """Counts, extremes and types of all rows; the broken one has its line in the file."""
    data = tmp_path / "data"
    (data / "training").mkdir(parents=True)
    rows = b"".join(map(row, range(ROWS)))
    (data / "training" / "a.csv").write_bytes(b"n,mixed,text\n" + rows + b"broken\n")
    training = {"uri": str(data / "training"), "format": "csv"}
    made = world(tmp_path, str(data), training=training)
    assert 0 == made.run("baseline").code

    stored = made.stored()
    (statistics,) = (strict_json(stored[key]) for key in stored if key.endswith("statistics.json"))
    n, mixed, text = statistics["features"]
    numbers = n["numerical_statistics"]
    assert [0, ROWS - 1, ROWS * (ROWS - 1) // 2] == [numbers[k] for k in ("min", "max", "sum")]
    assert ["Integral", "String", "String"] == [f["inferred_type"] for f in (n, mixed, text)]
    assert {"num_present": ROWS, "num_missing": 0} == mixed["string_statistics"]["common"]
    assert 1 == text["string_statistics"]["distinct_count"]
    (rejected,) = (key for key in stored if key.startswith("rejected/"))
    assert f"a.csv-{PART_BYTES}-" in rejected
    assert 2 * ROWS + 2 == strict_json(stored[rejected])["line"]
