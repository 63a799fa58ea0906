"""The same parts give the same bytes: on Spark or not, on however many cores, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.engines.cases import cases
from tests.engines.paths import odd_parts, read_case
from tests.spark_session import job_ids

from tidegauge.engines import local
from tidegauge.profile.table import to_parquet

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.profile.dataset import Profile


def kept(found: dict[Key, Profile]) -> dict[Key, bytes]:
    """What would be kept of each profile."""
    return {key: to_parquet(profile) for key, profile in found.items()}


@pytest.fixture(scope="module")
def expected() -> dict[Key, bytes]:
    """All parts in this process, one after another."""
    return kept(local.profile_parts(odd_parts(), read_case, processes=1))


def test_each_case_has_a_profile(expected: dict[Key, bytes]) -> None:
    """The keys are windows and variants in order; here the variants are the cases."""
    assert sorted(("", name) for name in cases()) == list(expected)


def test_processes_do_not_matter(expected: dict[Key, bytes]) -> None:
    """Parts are merged in the order of their ids, not in the order in which they are done."""
    parts = odd_parts()[::-1]

    assert expected == kept(local.profile_parts(parts, read_case, processes=2))


@pytest.mark.parametrize("size_bytes", [0, 1 << 40])
def test_spark_and_its_tasks_do_not_matter(
    size_bytes: int, spark: SparkSession, expected: dict[Key, bytes]
) -> None:
    """All parts in one task, or each in its own: one job, and the local engine's bytes."""
    from tidegauge.engines.spark import pack_tasks, profile_parts

    sized = [
        replace(part, files=tuple(replace(file, size_bytes=size_bytes) for file in part.files))
        for part in odd_parts()[::-1]
        if part.id.startswith(("many values", "special floats"))
    ]
    with job_ids(spark) as jobs:
        found = profile_parts(spark, sized, read_case)

    assert (len(sized) if size_bytes else 1) == len(pack_tasks(sized))
    assert {key: expected[key] for key in found} == kept(found)
    assert 1 == len(jobs)
