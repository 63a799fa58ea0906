"""The capture reader under a fuzzer that sees which code each input reaches, for a bounded time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 20
LEAST_RUNS = 200  # some thousands, unless the machine is busy
SLOWEST_SECONDS = 5
SEEDS = (
    b"\x001,a\n2,b",
    b'\x01{"instances": [{"features": [1, "a"]}]}',
    b"\x02MSxh",
    b'\x03{"captureData": {"endpointInput": {"data": "1,a", "encoding": "CSV"}}}',
    b'\x04{"captureData": {"endpointInput": {"data": "good,1", "encoding": "CSV"}}}',
)


@pytest.mark.heavy
def test_a_fuzzer_finds_no_crash_and_no_hang(tmp_path: Path) -> None:
    """Neither does it make the reader lose a good record."""
    pytest.importorskip("atheris", reason="atheris is not installed: the extra `fuzz`")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for i, seed in enumerate(SEEDS):
        (corpus / str(i)).write_bytes(seed)
    options = [f"-max_total_time={SECONDS}", f"-timeout={SLOWEST_SECONDS}", "-max_len=300"]
    fuzzer = Path(__file__).with_name("capture_fuzzer.py")
    ran = subprocess.run(
        [sys.executable, str(fuzzer), *options, f"-artifact_prefix={tmp_path}/", str(corpus)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS + 60,
    )

    assert 0 == ran.returncode, ran.stderr[-3000:]
    done = re.search(r"Done (\d+) runs", ran.stderr)
    assert done
    assert int(done[1]) >= LEAST_RUNS
