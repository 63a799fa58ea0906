"""Custom attributes as columns, where the conf asks for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.sources.reading import Everything, everything, part_of

from tidegauge.sources.captures import reader
from tidegauge.sources.source import CaptureSource, Format
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, *attributes: object, data: str = "1", asked: bool = True) -> Everything:
    """What is read of records with these custom attributes."""
    sent = {"data": data, "encoding": "CSV"}
    answer = {"data": '{"score": 0.5}\n' * len(data.split()), "encoding": "JSON"}
    path = folder / "a.jsonl"
    path.write_text(
        "".join(
            json.dumps(
                {
                    "captureData": {"endpointInput": sent, "endpointOutput": answer},
                    "eventMetadata": {"customAttributes": some},
                }
            )
            + "\n"
            for some in attributes
        )
    )
    source = CaptureSource(
        str(folder), Format.SAGEMAKER, str(folder / "rejected"), inputs=("n",), outputs=("score",),
        custom_attributes=asked,
    )  # fmt: skip
    return everything(reader(source, S3Settings())(part_of(path)))


def test_attributes_become_columns_on_request(tmp_path: Path) -> None:
    """`key=value` by its key, else by the place; every row of the record has them."""
    found = read(tmp_path, ["tenant = a=b", "trial"], None, data="1\n2")

    assert [
        {"n": 1, "score": 0.5, "custom.tenant": "a=b", "custom.1": "trial"},
        {"n": 2, "score": 0.5, "custom.tenant": "a=b", "custom.1": "trial"},
        {"n": 1, "score": 0.5, "custom.tenant": None, "custom.1": None},
        {"n": 2, "score": 0.5, "custom.tenant": None, "custom.1": None},
    ] == found.rows


def test_without_a_request_they_are_not_read(tmp_path: Path) -> None:
    """Whatever they are."""
    assert [{"n": 1, "score": 0.5}] * 2 == read(tmp_path, ["a=b"], 3, asked=False).rows


def test_attributes_of_another_form_reject_the_record(tmp_path: Path) -> None:
    """Its neighbours are read."""
    found = read(tmp_path, ["a=1"], 3, [4], ["a=2"])

    assert ([1, 2], 2) == (found.column("custom.a"), found.tally.rejected)
    assert "a.jsonl:2: eventMetadata.customAttributes is not a list of texts" in found.tally.reasons
