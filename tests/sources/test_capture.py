"""SageMaker's captures: every good record arrives, every broken one is kept aside."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import pickle
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading import Everything, everything, kept, part_of

from tidegauge.model.batch import Part
from tidegauge.model.statistics import Kind
from tidegauge.sources.capture import CaptureReader
from tidegauge.sources.captures import reader
from tidegauge.sources.source import CaptureSource, Format
from tidegauge.storage import S3Settings

HOUR = "AllTraffic/2013/06/20/05"
KINDS = {"n": Kind.INTEGRAL, "x": Kind.FRACTIONAL, "t": Kind.TEXT}
SOURCE = CaptureSource(
    "", Format.SAGEMAKER, "", inputs=("n", "x", "t"), outputs=("score",), kinds=KINDS
)


def record(
    data: object,
    answer: object = "0.5",
    *,
    encoding: str = "CSV",
    answer_encoding: str = "CSV",
    time: object = "2013-06-20T05:01:02Z",
    **more: object,
) -> dict[str, Any]:
    """A capture record as SageMaker writes it."""
    return {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": data,
                              "encoding": encoding},
            "endpointOutput": {"observedContentType": None, "mode": "OUTPUT", "data": answer,
                               "encoding": answer_encoding},
        },
        "eventMetadata": {"eventId": "e", "inferenceTime": time},
        "eventVersion": "0",
        **more,
    }  # fmt: skip


def line(*args: Any, **more: Any) -> bytes:  # noqa: ANN401
    """A capture record as a line, without the newline."""
    return json.dumps(record(*args, **more), ensure_ascii=False).encode()


def read(
    folder: Path, *lines: bytes, source: CaptureSource = SOURCE, name: str = "a.jsonl"
) -> Everything:
    """What a reader makes of one capture file."""
    path = folder / "captures" / HOUR / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = b"\n".join(lines)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    source = replace(
        source, uri=str(folder / "captures"), rejected=str(folder / "rejected/{variant}/{window}")
    )
    part = part_of(path, window="w", variant="AllTraffic")
    return everything(reader(source, S3Settings())(part))


def test_csv_payloads_become_typed_columns(tmp_path: Path) -> None:
    """Several rows a record, a newline at the end or none, CRLF, and empty fields as null."""
    found = read(tmp_path, line("1,1.5,a\n2,,\n", "0.1\r\n0.2\r\n"), line('3,3,"b, c"', "0.3"))
    assert [
        {"n": 1, "x": 1.5, "t": "a", "score": 0.1},
        {"n": 2, "x": None, "t": None, "score": 0.2},
        {"n": 3, "x": 3.0, "t": "b, c", "score": 0.3},
    ] == sorted(found.rows, key=lambda row: row["n"])
    assert (2, 0) == (found.tally.records, found.tally.rejected)
    assert {("w", "AllTraffic")} == {(chunk.window, chunk.variant) for chunk in found.chunks}


def test_quoted_cells_hold_commas_quotes_and_newlines(tmp_path: Path) -> None:
    """Also in a record of several rows, beside records that are read in bulk."""
    found = read(
        tmp_path, line('1,1,"a ""b"", c"'), line('2,2,"d\ne"\n3,3,ü', "1\n2"), line("4,4,f")
    )
    assert ['a "b", c', "f", "d\ne", "ü"] == found.column("t")


def test_strangers_to_the_baselines_kinds_are_put_aside(tmp_path: Path) -> None:
    """A text where the baseline has numbers is no missing value, and its record is no reject."""
    found = read(tmp_path, line("1.5,NaN,1"), line("x,1,2"))
    assert ([None, None], [None, 1.0]) == (found.column("n"), found.column("x"))
    assert {"n": ["1.5", "x"], "x": ["NaN"]} == found.mismatched
    assert 0 == found.tally.rejected


def test_rejected_records_lie_under_the_window_with_file_line_and_reason(tmp_path: Path) -> None:
    """The whole record is kept, and the file is named below the captures' URI."""
    broken = [line("1,2"), line("1,1,a\n2,2,b", "1"), b'{"captureData":']
    found = read(tmp_path, line("1,1,a"), broken[0], b"", broken[1], broken[2], line("2,2,b"))
    assert [1, 2] == found.column("n")
    assert (5, 3) == (found.tally.records, found.tally.rejected)
    records = kept(tmp_path / "rejected" / "AllTraffic" / "w")
    assert [f"{HOUR}/a.jsonl"] * 3 == [record["file"] for record in records]
    assert [2, 4, 5] == [record["line"] for record in records]
    assert [bytes_.decode() for bytes_ in broken] == [record["record"] for record in records]
    assert [
        "endpointInput: a row of it has 2 columns: expected 3",
        "endpointInput has 2 rows, endpointOutput has 1: expected as many",
    ] == [record["reason"] for record in records[:2]]
    assert records[2]["reason"].startswith("it is not JSON: ")
    assert found.tally.reasons[0] == f"{HOUR}/a.jsonl:2: {records[0]['reason']}"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"eventVersion": "0"}, "no endpointInput"),
        (record(None), "no endpointInput"),
        (record("1,1,a", None), "no endpointOutput"),
        (record(5), "endpointInput.data is not a text"),
        (record("1,1,a") | {"captureData": []}, "captureData is not an object"),
        (record("1,1,a", encoding="XML"), "its encoding is 'XML'"),
        (record("1,1,a", "a,b"), "endpointOutput: a row of it has 2 columns: expected 1"),
        (record('1,1,"a'), "endpointInput: a quote in it is not paired"),
        (record(""), "endpointInput: a row of it has 1 columns: expected 3"),
    ],
)
def test_each_kind_of_broken_record_says_why(
    tmp_path: Path, broken: dict[str, Any], reason: str
) -> None:
    """The good neighbours arrive."""
    found = read(tmp_path, line("1,1,a"), json.dumps(broken).encode(), line("2,2,b"))
    assert [1, 2] == found.column("n")
    assert [2] == [rejected["line"] for rejected in kept(tmp_path / "rejected")]
    assert reason in kept(tmp_path / "rejected")[0]["reason"]


BROKEN = [
    b"{", b"null", b"[]", b"5", b'"x"', b"{}", b'{"captureData":null}', b"\xff\xfe", b"\x00",
    b"[" * 50_000, line("1,1,a")[:-9], line("1,1"), line("1,1,a,2"), line("1,1,a\n2,2,b"),
    line('1,1,"a'), line('1,1,"a\n2,2,b', "1\n2"), line(None), line(7), line("1,1,a", ["x"]),
    line("1,1,a\n2,2", "1\n2"), line("1,1,a", encoding="BASE64"),
    line("1,1,a", encoding="JSON"), line("1,1,a", "?").replace(b"?", b"\\ud800"),
    line("1,1,a") + line("2,2,b"), line("1,1,a") + b"null", b"null" + line("1,1,a"),
    line("1,1,a") + b"null" + line("1,1,a"), line("1,1,a\r2,2,b"),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("before", [(), (line("1,1,a"),)])
def test_each_broken_line_is_one_reject_between_good_ones(
    tmp_path: Path, broken: bytes, before: tuple[bytes, ...]
) -> None:
    """At the beginning of a file too, where JSON readers guess what the lines are."""
    found = read(tmp_path, *before, broken, line("2,2,b"), line("3,3,c"))
    assert [*range(1, len(before) + 1), 2, 3] == found.column("n")
    assert [len(before) + 1] == [record["line"] for record in kept(tmp_path / "rejected")]


def test_a_few_broken_lines_among_many_are_found_where_they_are(tmp_path: Path) -> None:
    """Sound stretches are read at once; the numbers of records and lines stay right."""
    broken = {0, 7, 400, 401, 1999}
    lines = [b"{" if i in broken else line(f"{i},1,a") for i in range(2000)]
    found = read(tmp_path, *lines)
    assert [i for i in range(2000) if i not in broken] == found.column("n")
    rejected = kept(tmp_path / "rejected")
    assert [i + 1 for i in sorted(broken)] == [record["line"] for record in rejected]


def test_records_over_several_lines_are_broken_lines(tmp_path: Path) -> None:
    """However their number fits that of the lines: two halves, and two records on one line."""
    halves = line("1,1,a").replace(b', "eventMetadata"', b',\n "eventMetadata"')
    found = read(tmp_path, halves, line("2,2,b") + line("3,3,c"), line("4,4,d"))
    assert [4] == found.column("n")
    assert [1, 2, 3] == [record["line"] for record in kept(tmp_path / "rejected")]


def test_rows_may_end_with_a_carriage_return_alone(tmp_path: Path) -> None:
    """As an old Mac writes them; blank rows between rows are no rows."""
    found = read(tmp_path, line("1,1,a\r2,2,b", "1\r2\r"), line("3,3,c\n\n\n4,4,d", "3\n\n4"))
    assert [1, 2, 3, 4] == found.column("n")


def test_times_outside_the_folders_hour_are_counted_and_stay(tmp_path: Path) -> None:
    """Only what says another time counts: not a missing time, nor the same hour in another zone."""
    times = ["2013-06-20T05:59:59Z", "2013-06-20T06:00:00Z", None, "2013-06-20T07:30:00+02:00", "?"]
    found = read(tmp_path, *(line(f"{i},1,a", time=time) for i, time in enumerate(times)))
    assert ([0, 1, 2, 3, 4], 2) == (found.column("n"), found.tally.outside_hour)


def test_without_outputs_the_answers_are_not_looked_at(tmp_path: Path) -> None:
    """A conf that names no outputs has the inputs alone."""
    source = replace(SOURCE, outputs=())
    assert ["n", "x", "t"] == list(read(tmp_path, line("1,1,a", None), source=source).rows[0])


@pytest.mark.parametrize("encoding", ["CSV", "BASE64"])
def test_without_inputs_what_was_sent_is_not_looked_at(tmp_path: Path, encoding: str) -> None:
    """An endpoint may capture its answers alone."""
    answer = base64.b64encode(b"0.5\n").decode() if encoding == "BASE64" else "0.5\n"
    lines = []
    for sent in (None, {"data": "not, what, it was", "encoding": "CSV"}):
        answered = {"data": answer, "encoding": encoding, "observedContentType": "text/csv"}
        sides = {"endpointOutput": answered} | ({"endpointInput": sent} if sent else {})
        lines.append(json.dumps({"captureData": sides}).encode())
    found = read(tmp_path, *lines, source=replace(SOURCE, inputs=()))

    assert [{"score": 0.5}] * 2 == found.rows
    assert 0 == found.tally.rejected


def test_columns_to_skip_and_unknown_ones(tmp_path: Path) -> None:
    """An input that names more columns brings them; an output that does, does not."""
    data = '{"n": 1, "x": 2, "t": "a", "new": "7"}'
    answer = '{"score": 0.5, "label": 1}'
    source = replace(SOURCE, skip=frozenset("t"))
    found = read(
        tmp_path, line(data, answer, encoding="JSON", answer_encoding="JSON"), source=source
    )
    assert [{"n": 1, "x": 2.0, "score": 0.5, "new": 7}] == found.rows


def test_input_and_output_of_different_encodings(tmp_path: Path) -> None:
    """SageMaker's own container asks for the same encoding; here it does not matter."""
    answer = base64.b64encode(b'{"predictions": [0.5]}').decode()
    lines = json.loads(line("1,1,a", answer, answer_encoding="BASE64"))
    lines["captureData"]["endpointOutput"]["observedContentType"] = "application/json"
    assert [0.5] == read(tmp_path, json.dumps(lines).encode()).column("score")


def test_compressed_and_empty_files(tmp_path: Path) -> None:
    """`.jsonl.gz` is undone; an empty file has no records."""
    assert [1] == read(tmp_path, line("1,1,a"), name="a.jsonl.gz").column("n")
    assert ([], 0) == (read(tmp_path).rows, read(tmp_path).tally.records)


def test_a_reader_survives_the_way_to_a_worker(tmp_path: Path) -> None:
    """Pickled and read again it is the same reader."""
    one = reader(replace(SOURCE, uri=str(tmp_path), rejected="r"), S3Settings())
    assert isinstance(one, CaptureReader)
    assert one == pickle.loads(pickle.dumps(one))


# Any mixture of good and broken records, against an oracle that knows what it wrote.

cells = st.one_of(
    st.none(), st.integers(-99, 10**12).map(str), st.floats(-1e9, 1e9).map(repr),
    st.sampled_from(["", "NaN", "x", "a,b", 'q"q', "two\nlines", "é", "\r", " 5", "0x1F", "true"]),
    st.text(max_size=4),
)  # fmt: skip
rows = st.lists(st.tuples(cells, cells, cells, st.floats(0, 1).map(repr)), min_size=1, max_size=3)


@dataclass(frozen=True)
class Good:
    """The rows of a good record, and how its payloads are written."""

    rows: list[tuple[str | None, str | None, str | None, str]]
    encoding: str
    answer_encoding: str
    ending: str

    def line(self) -> bytes:
        width = len(self.rows[0]) - 1
        data, content = encode([row[:width] for row in self.rows], self.encoding, self.ending)
        answer, answer_content = encode(
            [row[width:] for row in self.rows], self.answer_encoding, self.ending
        )
        made = record(data, answer, encoding=self.encoding, answer_encoding=self.answer_encoding)
        made["captureData"]["endpointInput"]["observedContentType"] = content
        made["captureData"]["endpointOutput"]["observedContentType"] = answer_content
        return json.dumps(made).encode()


def encode(some: list[Any], encoding: str, ending: str) -> tuple[str, str]:
    """Rows as a payload, and its content type."""
    if encoding == "JSON":
        return json.dumps({"instances": [{"features": list(row)} for row in some]}), "x/json"
    text = ending.join(",".join(map(csv_field, row)) for row in some) + ending
    if encoding == "BASE64":
        return base64.b64encode(text.encode()).decode(), "text/csv"
    return text, "text/csv"


def csv_field(cell: str | None) -> str:
    """A field in quotes where it needs them; nothing for None."""
    if cell is None:
        return ""
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if cell == "" or set(cell) & set("\r\n") else csv.QUOTE_MINIMAL
    csv.writer(out, quoting=quoting, lineterminator="").writerow([cell])
    return out.getvalue()


encodings = st.sampled_from(["CSV", "CSV", "JSON", "BASE64"])
goods = st.builds(Good, rows, encodings, encodings, st.sampled_from(["\n", "\r\n", "\r"]))
blank_lines = st.sampled_from([b"", b" ", b"\r", b"\t \r"])
files = st.lists(st.one_of(goods, goods, st.sampled_from(BROKEN), blank_lines), max_size=8)


def expected_row(row: tuple[str | None, ...]) -> dict[str, str | None]:
    """A row as texts; quoting keeps a carriage return, and everything else."""
    return dict(zip(("n", "x", "t", "score"), row, strict=True))


def multiset(some: list[Any]) -> list[str]:
    """Rows in an order of their own."""
    return sorted(repr(sorted(row.items())) for row in some)


@settings(deadline=None, max_examples=60)
@given(st.lists(files, min_size=1, max_size=2))
def test_good_records_all_arrive_and_broken_ones_are_all_rejected(
    some: list[list[Good | bytes]],
) -> None:
    """Whatever lies between whatever: no good record lost, none doubled, the counts add up."""
    texts = dict.fromkeys(("n", "x", "t", "score"), Kind.TEXT)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        source = replace(SOURCE, uri=f"{root}/in", rejected=f"{root}/out", kinds=texts)
        paths, bad, good = [], [], []
        for i, items in enumerate(some):
            path = root / "in" / HOUR / f"{i}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = [item.line() if isinstance(item, Good) else item for item in items]
            path.write_bytes(b"\n".join(lines))
            paths.append(path)
            for number, item in enumerate(items, 1):
                if isinstance(item, Good):
                    good.append(item)
                elif item.strip():
                    bad.append((f"{HOUR}/{i}.jsonl", number))
        part = part_of(*paths, variant="AllTraffic")
        found = everything(reader(source, S3Settings())(part))
        rejected = sorted((r["file"], r["line"]) for r in kept(root / "out"))
    assert multiset([expected_row(row) for item in good for row in item.rows]) == multiset(
        found.rows
    )
    assert bad == rejected
    assert (len(good) + len(bad), len(bad)) == (found.tally.records, found.tally.rejected)


@settings(deadline=None, max_examples=60)
@given(st.lists(goods.map(lambda good: replace(good, encoding="CSV", answer_encoding="CSV"))))
def test_the_fast_way_and_the_careful_way_agree(some: list[Good]) -> None:
    """The same records in bulk and one by one, all sound or beside a broken line: same values."""
    careful = [replace(good, encoding="BASE64", answer_encoding="BASE64") for good in some]
    with TemporaryDirectory() as folder:
        ways = [
            read(Path(folder), *(good.line() for good in some)),
            read(Path(folder), b"{", *(good.line() for good in some)),
            read(Path(folder), *(good.line() for good in careful)),
        ]
    rows = [multiset(way.rows) for way in ways]
    others = [
        sorted((name, sorted(texts)) for name, texts in way.mismatched.items()) for way in ways
    ]
    assert rows[0] == rows[1] == rows[2]
    assert others[0] == others[1] == others[2]


def test_parts_do_not_share_what_they_reject(tmp_path: Path) -> None:
    """Each part has a file of its own, and running it again leaves the same bytes."""
    path = tmp_path / HOUR / "a.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{\n")
    source = replace(SOURCE, uri=str(tmp_path), rejected=str(tmp_path / "out"))
    one = reader(source, S3Settings())
    files = part_of(path).files
    for id_ in ("part-000000-a", "part-000001-b", "part-000000-a"):
        everything(one(Part(id_, files)))
    assert 2 == len(list((tmp_path / "out").iterdir()))
    assert 1 == len({file.read_bytes() for file in (tmp_path / "out").iterdir()})
