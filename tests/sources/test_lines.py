"""Lines of many files in blocks: none lost, none doubled, each with its place."""

from __future__ import annotations

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading import part_of

from tidegauge.errors import StorageError
from tidegauge.model.batch import FileSlice
from tidegauge.sources import lines as module
from tidegauge.sources.lines import read_lines
from tidegauge.sources.reading import Unreadable
from tidegauge.storage import NotFound, S3Settings

contents = st.lists(
    st.tuples(
        st.lists(st.sampled_from([b"", b"a", b"bcd " * 5, b"\r", b" ", b"\t"])), st.booleans()
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=60)
@given(contents, st.integers(1, 40))
def test_every_line_comes_once_with_its_file_and_number(
    files: list[tuple[list[bytes], bool]], block_bytes: int
) -> None:
    """Blank lines are no records but count as lines; a last newline may be missing."""
    with TemporaryDirectory() as folder:
        expected, paths = [], []
        for i, (some, ends) in enumerate(files):
            path = Path(folder) / f"{i}.jsonl{'.gz' if i == 2 else ''}"
            data = b"\n".join(some) + (b"\n" if ends and some else b"")
            path.write_bytes(gzip.compress(data) if i == 2 else data)
            paths.append(path)
            for number, line in enumerate(data.split(b"\n"), 1):
                if line.strip():
                    expected.append((str(path), number, line.removesuffix(b"\r")))
        blocks = list(read_lines(part_of(*paths).files, S3Settings(), block_bytes))
        found = [(*block.place(i), block.record(i)) for block in blocks for i in range(len(block))]
        assert expected == found


def test_a_file_that_is_streamed_reads_like_one_that_is_fetched_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file beyond the size of one request comes in pieces, its lines numbered on."""
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"".join(b"line %d\n" % i for i in range(5000)))
    monkeypatch.setattr("tidegauge.sources.reading.WHOLE_BYTES", 1000)
    monkeypatch.setattr(module, "WHOLE_BYTES", 1000)
    blocks = list(read_lines(part_of(path).files, S3Settings(), 500))
    found = [(block.place(i)[1], block.record(i)) for block in blocks for i in range(len(block))]
    assert [(i + 1, b"line %d" % i) for i in range(5000)] == found
    assert 20 < len(blocks)


def test_whose_fault_it_is(tmp_path: Path) -> None:
    """A file that is gone is the storage's fault; one that is no gzip is its own."""
    with pytest.raises(NotFound, match="there is no such file"):
        list(read_lines([FileSlice(str(tmp_path / "gone"), 5)], S3Settings()))
    with pytest.raises(StorageError, match="cannot read"):
        list(read_lines([FileSlice(str(tmp_path / "gone"), 1 << 40)], S3Settings()))
    (tmp_path / "x.gz").write_bytes(b"no gzip")
    with pytest.raises(Unreadable, match=r"x\.gz cannot be read: "):
        list(read_lines(part_of(tmp_path / "x.gz").files, S3Settings()))
