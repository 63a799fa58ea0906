"""Rotation: which records share a file, and when it is to be written."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capture.written import NOON

from tidegauge.capture.files import OpenFile, OpenFiles

ROOMY = 10**9


def contents(files: tuple[OpenFile, ...]) -> list[bytes]:
    """What the files hold."""
    return [file.buffer.getvalue() for file in files]


def clock(time: datetime = NOON, **later: float) -> float:
    """Some time after a time, by the clock."""
    return (time + timedelta(**later)).timestamp()


def open_files(
    rotate_bytes: int = ROOMY, rotate_seconds: float = 60.0, room_bytes: int = ROOMY
) -> OpenFiles:
    """No file yet."""
    return OpenFiles(rotate_bytes, rotate_seconds, room_bytes)


def test_a_file_is_named_after_its_first_record() -> None:
    """Hour folder, minute, second, millisecond, id."""
    files = open_files()
    files.add(NOON, [b"a\n"], clock())
    files.add(NOON + timedelta(minutes=1), [b"b\n"], clock())
    (file,) = files.take_all()
    assert "2013/06/20/12/44-11-635-x.jsonl" == file.key("x")
    assert (2, 4, b"a\nb\n") == (file.records, file.size_bytes, file.buffer.getvalue())


def test_a_file_is_due_at_its_size() -> None:
    """The record that reaches the size is the file's last one."""
    files = open_files(rotate_bytes=4)
    files.add(NOON, [b"a", b"\n"], clock())
    assert () == files.take_due(clock())
    files.add(NOON, [b"b\n"], clock())
    assert [b"a\nb\n"] == contents(files.take_due(clock()))
    assert () == files.take_all()


def test_a_file_is_due_at_its_age() -> None:
    """Counted from its first record, whatever came later."""
    files = open_files(rotate_seconds=60)
    files.add(NOON, [b"a\n"], clock())
    files.add(NOON, [b"b\n"], clock(seconds=59))
    assert () == files.take_due(clock(seconds=59.9))
    assert [b"a\nb\n"] == contents(files.take_due(clock(seconds=60)))


def test_a_file_is_due_a_second_after_its_hour() -> None:
    """Whoever reads whole hours need not wait for `rotate_seconds`; stragglers come along."""
    files = open_files(rotate_seconds=3600)
    end = NOON.replace(hour=13, minute=0, second=0, microsecond=0)
    files.add(NOON, [b"a\n"], clock())
    files.add(end - timedelta(microseconds=1), [b"b\n"], clock(end))
    files.add(end, [b"c\n"], clock(end))
    assert () == files.take_due(clock(end, seconds=0.9))
    assert [b"a\nb\n"] == contents(files.take_due(clock(end, seconds=1)))
    assert [b"c\n"] == contents(files.take_all())


def test_records_of_the_past_wait_for_company() -> None:
    """A file of an hour that is long over has its whole time."""
    files = open_files(rotate_seconds=60)
    files.add(NOON - timedelta(days=1), [b"a\n"], clock())
    assert () == files.take_due(clock(seconds=59))
    assert [b"a\n"] == contents(files.take_due(clock(seconds=60)))


def test_a_clock_that_is_set_back_holds_no_file() -> None:
    """A file opened in what is now the future is due."""
    files = open_files()
    files.add(NOON, [b"a\n"], clock())
    assert [b"a\n"] == contents(files.take_due(clock(seconds=-1)))


def test_many_open_hours_are_written_before_they_fill_the_memory() -> None:
    """None of them is large, all together are."""
    files = open_files(room_bytes=6)
    for hours in range(3):
        assert () == files.take_due(clock())
        files.add(NOON + timedelta(hours=hours), [b"a\n"], clock())
    assert [b"a\n"] * 3 == contents(files.take_due(clock()))


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000))),
    st.integers(1, 60),
    st.integers(1, 100),
)
def test_every_line_is_in_one_file_of_its_hour(
    moments: list[tuple[int, int]], rotate_bytes: int, rotate_seconds: int
) -> None:
    """Whatever the order of inference times and of the clock's."""
    files = open_files(rotate_bytes, rotate_seconds)
    taken: list[OpenFile] = []
    for time, now in moments:
        files.add(NOON + timedelta(seconds=time), [b"%d\n" % time], clock(seconds=now))
        taken += files.take_due(clock(seconds=now))
    taken += files.take_all()
    for file in taken:
        hours = {(NOON + timedelta(seconds=int(s))).hour for s in file.buffer.getvalue().split()}
        assert {file.first.hour} == hours
        assert file.size_bytes < rotate_bytes + len(b"10000\n")
    written = sorted(int(s) for content in contents(tuple(taken)) for s in content.split())
    assert sorted(time for time, _ in moments) == written
    assert len(moments) == sum(file.records for file in taken)


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_the_content_is_handed_over_whole(size: int) -> None:
    """Lines of many pieces."""
    files = open_files()
    files.add(NOON, [b"x"] * size + [b"\n"], clock())
    assert [b"x" * size + b"\n"] == contents(files.take_all())
