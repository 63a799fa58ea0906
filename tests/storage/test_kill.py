"""A writer that is killed leaves the old content or the new one, never a part."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tidegauge.storage import join

if TYPE_CHECKING:
    from tests.storage.conftest import Place

SIZE_BYTES = 4_000_000
WRITER = f"""
import sys
from tidegauge.storage import join, storage_for

storage = storage_for(sys.argv[1])
contents = [letter * {SIZE_BYTES} for letter in (b"a", b"b")]
print("ready", flush=True)
while True:
    for data in contents:
        storage.write(join(sys.argv[1], "document.json"), data)
"""


def test_a_killed_writer_leaves_no_half_object(place: Place) -> None:
    """SIGKILL at several moments of a write: readers see a whole object, under its name alone."""
    uri = join(place.uri, "document.json")
    for wait_seconds in (0.001, 0.008, 0.015, 0.022, 0.034, 0.055):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, place.uri],
            env=os.environ | place.environment,
            stdout=subprocess.PIPE,
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            while not place.storage.exists(uri):
                time.sleep(0.005)
            time.sleep(wait_seconds)
            child.kill()
        (entry,) = place.storage.files(place.uri)
        data = place.storage.read(uri)
        assert ("document.json", SIZE_BYTES) == (entry.key, entry.size)
        assert data in (b"a" * SIZE_BYTES, b"b" * SIZE_BYTES)

    place.storage.write(uri, b"the next one")
    assert b"the next one" == place.storage.read(uri)
