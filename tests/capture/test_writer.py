"""The writer as a server uses it: records go in, files come out, and nothing comes back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import pytest
from tests.capture.written import NOON, Clock, files, inputs, records
from tests.sources.reading import everything, part_of

from tidegauge.capture import CaptureWriter
from tidegauge.errors import UsageError
from tidegauge.model.statistics import Kind
from tidegauge.model.window import Window
from tidegauge.sources.captures import batches, reader
from tidegauge.sources.source import CaptureSource, Format
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from pathlib import Path

EVENT = "f04a8538-696c-4648-8064-8b680b2e3318"


def until(condition: Any) -> bool:  # noqa: ANN401
    """Whether something becomes true within some seconds."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(condition())


def test_a_record_is_one_line_of_its_hours_file(tmp_path: Path) -> None:
    """Ids and the clock are the caller's here, so that all of it is known."""
    with CaptureWriter(
        str(tmp_path), endpoint="late", variant="blue", clock=Clock(), new_id=lambda: UUID(int=7)
    ) as writer:
        writer.record(b"1,2\n", b"0.5\n", inference_id="flight-1")
    key = "late/blue/2013/06/20/12/44-11-635-00000000-0000-0000-0000-000000000007.jsonl"
    request = {"observedContentType": "text/csv", "mode": "INPUT", "data": "1,2\n"}
    answer = {"observedContentType": "text/csv", "mode": "OUTPUT", "data": "0.5\n"}
    record = {
        "captureData": {
            "endpointInput": request | {"encoding": "CSV"},
            "endpointOutput": answer | {"encoding": "CSV"},
        },
        "eventMetadata": {
            "eventId": "00000000-0000-0000-0000-000000000007",
            "inferenceId": "flight-1",
            "inferenceTime": "2013-06-20T12:44:11Z",
        },
        "eventVersion": "0",
    }
    assert {key: [record]} == files(tmp_path)
    assert 0 == writer.dropped


def test_what_is_captured_is_what_tidegauge_reads(tmp_path: Path) -> None:
    """Through the source that `monitor` uses: CSV, JSON and BASE64, several rows a record."""
    with CaptureWriter(str(tmp_path), endpoint="late") as writer:
        rows = '{"instances": [{"n": 3, "x": 3.5}, {"n": 4, "x": 4.5}]}'
        scores = '{"predictions": [{"score": 0.3}, {"score": 0.4}]}'
        writer.record(b"1,1.5\n2,2.5\n", b"0.1\n0.2\n", time=NOON)
        writer.record(rows, scores, content_type="application/json", time=NOON)
        writer.record(b"5,5.5", b"0.5\n", output_content_type="application/csv", time=NOON)
    source = CaptureSource(
        str(tmp_path / "late"),
        Format.SAGEMAKER,
        str(tmp_path / "rejected"),
        inputs=("n", "x"),
        outputs=("score",),
        kinds={"n": Kind.INTEGRAL, "x": Kind.FRACTIONAL},
    )
    (batch,) = batches(source, [Window(NOON.replace(hour=0), timedelta(days=1))], S3Settings())
    (path,) = (tmp_path / "late" / file.key for file in batch.inputs.files)
    found = everything(reader(source, S3Settings())(part_of(path, variant=batch.variant)))
    expected = [{"n": n, "x": n + 0.5, "score": n / 10} for n in range(1, 6)]
    assert expected == sorted(found.rows, key=lambda row: row["n"])
    assert (3, 0) == (found.tally.records, found.tally.rejected)


def test_nothing_is_lost_between_many_threads(tmp_path: Path) -> None:
    """Each record once, each with an id of its own."""
    with (
        CaptureWriter(str(tmp_path), endpoint="e", rotate_bytes=20_000) as writer,
        ThreadPoolExecutor(16) as pool,
    ):
        list(pool.map(lambda i: writer.record(str(i), "0"), range(2_000)))
    found = records(tmp_path)
    assert sorted(map(str, range(2_000))) == inputs(tmp_path)
    assert 2_000 == len({record["eventMetadata"]["eventId"] for record in found})
    assert len(files(tmp_path)) > 1  # how many is a matter of speed
    assert 0 == writer.dropped


def test_files_appear_by_time_size_and_hour(tmp_path: Path) -> None:
    """While the writer is open, without a flush."""
    clock = Clock()
    with CaptureWriter(
        str(tmp_path), endpoint="e", rotate_bytes=5_000, rotate_seconds=60, clock=clock
    ) as writer:
        writer.record("time", "0")
        time.sleep(0.1)
        assert {} == files(tmp_path)
        clock.turn(seconds=60)
        assert until(lambda: ["time"] == inputs(tmp_path))
        writer.record("s" * 5_000, "0")
        assert until(lambda: 2 == len(files(tmp_path)))
        clock.turn(minutes=14, seconds=40)
        writer.record("hour", "0")
        time.sleep(0.1)
        clock.turn(seconds=10)
        assert until(lambda: "hour" in inputs(tmp_path))
        writer.record("next", "0")
    hours = sorted(key.rpartition("/")[0] for key in files(tmp_path))
    assert ["e/AllTraffic/2013/06/20/12"] * 3 + ["e/AllTraffic/2013/06/20/13"] == hours


def test_a_file_never_has_two_hours(tmp_path: Path) -> None:
    """Whenever the inference was."""
    with CaptureWriter(str(tmp_path), endpoint="e") as writer:
        for minutes in range(0, 300, 20):
            writer.record("1", "0", time=NOON + timedelta(minutes=minutes))
    for key, found in files(tmp_path).items():
        hour = "-".join(key.split("/")[2:5]) + "T" + key.split("/")[5]
        assert {hour} == {record["eventMetadata"]["inferenceTime"][:13] for record in found}
    assert 15 == len(records(tmp_path))


@pytest.mark.parametrize("percentage", [0, 1, 20, 100])
def test_the_sample_is_its_share_and_depends_on_the_ids_alone(
    tmp_path: Path, percentage: int
) -> None:
    """The documented rule, and within five standard deviations of the share."""
    ids = [str(uuid5(UUID(int=0), str(i))) for i in range(5_000)]
    with CaptureWriter(str(tmp_path), endpoint="e", sampling_percentage=percentage) as writer:
        for event_id in ids:
            writer.record("1", "0", event_id=event_id)
    kept = {record["eventMetadata"]["eventId"] for record in records(tmp_path)}
    share = percentage / 100
    rule = {i for i in ids if int(sha256(i.encode()).hexdigest()[:16], 16) < share * 2**64}
    assert rule == kept
    assert abs(len(kept) - 5_000 * share) <= 5 * (5_000 * share * (1 - share)) ** 0.5
    assert 0 == writer.dropped


def test_a_sample_without_ids_is_a_share_too(tmp_path: Path) -> None:
    """The ids are drawn before the choice."""
    with CaptureWriter(str(tmp_path), endpoint="e", sampling_percentage=50) as writer:
        for _ in range(1_000):
            writer.record("1", "0")
    assert 420 < len(records(tmp_path)) < 580


def test_full_memory_drops_and_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was taken is written, what was not is counted; one warning for all of it."""
    with CaptureWriter(str(tmp_path), endpoint="e", max_memory_bytes=100_000) as writer:
        for _ in range(1_000):
            writer.record("x" * 10_000, "0")
        dropped = writer.dropped
        assert until(lambda: "100,000 bytes of memory are full" in caplog.text)
    assert dropped > 0
    assert 1_000 == dropped + len(records(tmp_path))
    # Writers of other tests may still be at it, and warn of their own folders.
    assert 1 == sum(str(tmp_path) in record.getMessage() for record in caplog.records)


def test_memory_is_free_again_once_it_is_written(tmp_path: Path) -> None:
    """Ten times as much as fits, in ten portions."""
    with CaptureWriter(str(tmp_path), endpoint="e", max_memory_bytes=100_000) as writer:
        for _ in range(10):
            for _ in range(8):
                writer.record("x" * 10_000, "0")
            assert writer.flush()
    assert (80, 0) == (len(records(tmp_path)), writer.dropped)


@pytest.mark.parametrize(
    "wrong",
    [
        {"input": {"a": 1}},
        {"output": None},
        {"time": "yesterday"},
        {"content_type": 7},
        {"custom_attributes": 7},
        {"custom_attributes": (7,)},
    ],
    ids=str,
)
def test_a_wrong_argument_does_not_reach_the_request(tmp_path: Path, wrong: dict[str, Any]) -> None:
    """The record is dropped and counted, those around it are written."""
    with CaptureWriter(str(tmp_path), endpoint="e") as writer:
        writer.record("before", "0")
        writer.record(**{"input": "1", "output": "0"} | wrong)
        writer.record("after", "0")
    assert ["after", "before"] == inputs(tmp_path)
    assert 1 == writer.dropped


def test_ids_may_be_of_any_kind(tmp_path: Path) -> None:
    """They are written as texts; so is an attribute that stands alone."""
    with CaptureWriter(str(tmp_path), endpoint="e", sampling_percentage=99.9999) as writer:
        writer.record(
            "1", "0", event_id=UUID(EVENT), inference_id=95, custom_attributes="web"  # type: ignore[arg-type]
        )  # fmt: skip
    ((found,),) = files(tmp_path).values()
    metadata = found["eventMetadata"]
    assert (EVENT, "95", ["web"]) == tuple(
        metadata[key] for key in ("eventId", "inferenceId", "customAttributes")
    )


def test_a_buffer_may_be_used_again(tmp_path: Path) -> None:
    """A server's receive buffer is overwritten by the next request."""
    buffer = bytearray(b"first")
    with CaptureWriter(str(tmp_path), endpoint="e") as writer:
        writer.record(memoryview(buffer), buffer)  # type: ignore[arg-type]
        buffer[:] = b"later"
    assert ["first"] == inputs(tmp_path)


def test_a_target_that_comes_back_gets_everything(tmp_path: Path) -> None:
    """A file is where the folder must be, until somebody removes it."""
    target = tmp_path / "captures"
    target.write_text("in the way")
    with CaptureWriter(str(target), endpoint="e", rotate_bytes=1) as writer:
        writer.record("1", "0")
        assert not writer.flush(timeout_seconds=0.1)
        writer.record("2", "0")
        target.unlink()
        assert writer.flush()
    assert ["1", "2"] == inputs(target)
    assert 0 == writer.dropped


def test_a_target_that_stays_away_costs_its_records_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After `retry_seconds` the file is given up, counted and told; the next one is tried."""
    target = tmp_path / "captures"
    target.write_text("in the way")
    with CaptureWriter(str(target), endpoint="e", retry_seconds=0) as writer:
        writer.record("1", "0")
        writer.record("2", "0")
        assert writer.flush()
        assert 2 == writer.dropped
        target.unlink()
        writer.record("3", "0")
    assert ["3"] == inputs(target)
    assert 2 == writer.dropped
    assert "that were not captured: 2;" in caplog.text
    assert "a file is where a folder must be" in caplog.text


def test_the_end_comes_in_time(tmp_path: Path) -> None:
    """Where nothing can be written, `close` gives up at its deadline, not after all the tries."""
    target = tmp_path / "captures"
    target.write_text("in the way")
    writer = CaptureWriter(str(target), endpoint="e")
    writer.record("1", "0")
    begin = time.monotonic()
    writer.close(timeout_seconds=0.3)
    assert time.monotonic() - begin < 2
    assert until(lambda: 1 == writer.dropped)


def test_after_the_end_records_are_dropped(tmp_path: Path) -> None:
    """A request that is still running when the server shuts down; closing twice is fine."""
    writer = CaptureWriter(str(tmp_path), endpoint="e")
    writer.record("1", "0")
    assert writer.close()
    writer.record("2", "0")
    assert writer.close()
    assert writer.flush()
    assert (["1"], 1) == (inputs(tmp_path), writer.dropped)


def test_all_who_wait_for_the_end_get_an_answer(tmp_path: Path) -> None:
    """Flushes and closes from many threads at once, each well before its time is over."""
    begin = time.monotonic()
    for i in range(20):
        writer = CaptureWriter(str(tmp_path), endpoint="e")
        writer.record(f"{i:02}", "0")
        with ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(call) for call in (writer.flush, writer.close) * 4]
            assert all(call.result() for call in calls)
    assert time.monotonic() - begin < 10
    assert [f"{i:02}" for i in range(20)] == inputs(tmp_path)


def test_a_writer_without_records_writes_nothing(tmp_path: Path) -> None:
    """No empty file, no folder."""
    with CaptureWriter(str(tmp_path / "captures"), endpoint="e") as writer:
        assert writer.flush()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"endpoint": ""}, "endpoint is '': expected a name"),
        ({"variant": "a/b"}, "variant is 'a/b': expected a name without slashes"),
        ({"endpoint": ".."}, "the key '..' cannot be joined"),
        ({"sampling_percentage": 101}, "sampling_percentage is 101: expected a number from 0"),
        ({"sampling_percentage": float("nan")}, "sampling_percentage is nan"),
        ({"max_memory_bytes": 0}, "max_memory_bytes is 0: expected a number above 0"),
        ({"rotate_bytes": -1}, "rotate_bytes is -1: expected a number above 0"),
        ({"rotate_seconds": 0}, "rotate_seconds is 0: expected a number above 0"),
        ({"uri": "gs://bucket"}, "has the scheme gs"),
    ],
    ids=str,
)
def test_wrong_settings_are_found_when_the_server_starts(
    tmp_path: Path, wrong: dict[str, Any], sentence: str
) -> None:
    """The one place where the writer raises."""
    with pytest.raises(UsageError) as caught:
        CaptureWriter(**{"uri": str(tmp_path), "endpoint": "e"} | wrong)
    assert sentence in str(caught.value)
