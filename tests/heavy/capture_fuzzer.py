"""The capture reader under atheris: `python capture_fuzzer.py [libFuzzer's options]`.

Each input is a line between two good records; it may be rejected, and they must be read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["tidegauge.sources"]):
    from tidegauge.model.batch import FileSlice, Part
    from tidegauge.sources.captures import reader
    from tidegauge.sources.source import CaptureSource, Format
    from tidegauge.storage import S3Settings

SENT = {"data": "good,1", "encoding": "CSV"}
GOOD = json.dumps({"captureData": {"endpointInput": SENT}}).encode()
ENCODINGS = ("CSV", "JSON", "BASE64")
FOLDER = TemporaryDirectory()
PATH = Path(FOLDER.name, "a.jsonl")
READERS = [
    reader(
        CaptureSource(
            FOLDER.name, Format.SAGEMAKER, f"{FOLDER.name}/rejected", inputs=("letter", "n"),
            custom_attributes=careful,
        ),
        S3Settings(),
    )
    for careful in (False, True)
]  # fmt: skip


def look_at(data: bytes) -> None:
    """One input, as a line of its own or as a payload within one, by its first byte."""
    which, text = (data[0] % 8, data[1:]) if data else (0, b"")
    if which < len(ENCODINGS):
        sent = {"data": text.decode("utf-8", "replace"), "encoding": ENCODINGS[which]}
        line = json.dumps({"captureData": {"endpointInput": sent}}).encode()
    else:
        line = text.replace(b"\n", b" ")
    PATH.write_bytes(b"\n".join([GOOD, line, GOOD]))
    part = Part("part-000000-a", (FileSlice(str(PATH), PATH.stat().st_size),))
    chunks = list(READERS[which % 2](part))
    records = sum(chunk.tally.records for chunk in chunks)
    letters = [
        letter
        for chunk in chunks
        if "letter" in chunk.table.column_names
        for letter in chunk.table.column("letter").to_pylist()
    ]
    expected = 3 if line.strip() else 2
    if records != expected or letters.count("good") < 2:
        raise AssertionError(f"{records} records, {letters}: expected {expected}, the good among")


if __name__ == "__main__":
    atheris.Setup(sys.argv, look_at)
    atheris.Fuzz()
