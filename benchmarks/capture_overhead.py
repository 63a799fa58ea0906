"""How much a capture adds to a request: the same requests with and without it, in one run.

Threads serve requests: read a CSV payload, sum it up, answer, wait for the next one. Blocks with
and without capture take turns, so that what else the machine does falls on both alike.

    python benchmarks/capture_overhead.py --threads 32 --requests-a-second 1000
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter, sleep

from tidegauge.capture import CaptureWriter

MICROSECONDS = 1e6


@dataclass
class Times:
    """What was measured, in microseconds."""

    plain: list[float] = field(default_factory=list)
    captured: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)


def main() -> None:
    """Measure, and print the table."""
    arguments = parse()
    cells = [f"{random.Random(i).random():.6f}" for i in range(arguments.payload_bytes // 9)]  # noqa: S311
    body = ",".join(cells).encode()
    with (
        tempfile.TemporaryDirectory() as folder,
        CaptureWriter(arguments.uri or folder, endpoint="bench", rotate_seconds=1.0) as writer,
    ):
        times = measure(arguments, writer, body)
        dropped = writer.dropped
    table(times)
    print(f"\n{len(times.captured):,} records captured, {dropped:,} of them dropped")


def parse() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--uri", help="where captures go (default: a temporary folder)")
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--requests-a-second", type=float, default=1000.0, help="of all threads")
    parser.add_argument("--payload-bytes", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of the whole measurement")
    parser.add_argument("--block-seconds", type=float, default=1.0)
    return parser.parse_args()


def measure(arguments: argparse.Namespace, writer: CaptureWriter, body: bytes) -> Times:
    """All threads' times, from blocks that take turns."""
    # What happens once (the thread starts, boto3 makes its client) is none of a request's times.
    serve(arguments, writer, body, 0, captured=True, until=perf_counter() + 0.5)
    writer.flush()
    times = Times()
    blocks = max(2, round(arguments.seconds / arguments.block_seconds))
    with ThreadPoolExecutor(arguments.threads) as pool:
        for block in range(blocks):
            captured = block % 2 == 1
            until = perf_counter() + arguments.block_seconds
            running = [
                pool.submit(serve, arguments, writer, body, seed, captured=captured, until=until)
                for seed in range(arguments.threads)
            ]
            for future in running:
                requests, calls = future.result()
                (times.captured if captured else times.plain).extend(requests)
                times.calls.extend(calls)
            writer.flush()
    return times


def serve(
    arguments: argparse.Namespace,
    writer: CaptureWriter,
    body: bytes,
    seed: int,
    *,
    captured: bool,
    until: float,
) -> tuple[list[float], list[float]]:
    """One thread: the durations of its requests, and of the calls of `record` in them."""
    mean_pause = arguments.threads / arguments.requests_a_second
    chance = random.Random(seed)  # noqa: S311 - a thread's pauses are the same in every block
    requests, calls = [], []
    while perf_counter() < until:
        sleep(chance.expovariate(1.0) * mean_pause)
        begin = perf_counter()
        answer = predict(body)
        if captured:
            called = perf_counter()
            writer.record(body, answer, content_type="text/csv")
            calls.append((perf_counter() - called) * MICROSECONDS)
        requests.append((perf_counter() - begin) * MICROSECONDS)
    return requests, calls


def predict(body: bytes) -> bytes:
    """Some work in Python, as a server has it between two waits."""
    total = 0.0
    for _ in range(10):
        for cell in body.split(b","):
            total += float(cell)
    return b"%.6f\n" % total


def table(times: Times) -> None:
    """Quantiles a line, in microseconds."""
    plain, captured = quantiles(times.plain), quantiles(times.captured)
    half = len(times.plain) // 2
    first, second = quantiles(times.plain[:half]), quantiles(times.plain[half:])
    rows = {
        "request, not captured": plain,
        "request, captured": captured,
        "record() alone": quantiles(times.calls),
        "added to a request": [b - a for a, b in zip(plain, captured, strict=True)],
        # The same requests in the first and in the second half: what a difference can mean here.
        "noise of the machine": [abs(b - a) for a, b in zip(first, second, strict=True)],
    }
    print(f"{'microseconds':24}{'p50':>10}{'p99':>10}{'max':>10}")
    for name, numbers in rows.items():
        print(f"{name:24}" + "".join(f"{number:10.1f}" for number in numbers))


def quantiles(durations: list[float]) -> list[float]:
    """The median, the 99th percentile and the maximum."""
    ordered = sorted(durations)
    return [ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99, 1.0)]


if __name__ == "__main__":
    sys.exit(main())
