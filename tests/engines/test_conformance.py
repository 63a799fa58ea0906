"""Every engine gives every case the statistics that their definitions ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engines.cases import cases
from tests.engines.comparison import differences
from tests.engines.paths import (
    case_truths,
    frame_groups,
    frame_truths,
    odd_parts,
    read_case,
    split_wide,
    whole_parts,
    write_wide,
)
from tests.spark_session import job_ids

from tidegauge.engines import local
from tidegauge.profile.table import to_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import SparkSession

    from tidegauge.profile.dataset import Profile

    Profiles = Mapping[str, Profile]


def _by_case(found: Mapping[tuple[str, str], Profile]) -> Profiles:
    return {variant: profile for (_, variant), profile in found.items()}


@pytest.fixture(scope="module")
def one_process() -> Profiles:
    """Each case whole, in this process."""
    return _by_case(local.profile_parts(whole_parts(), read_case, processes=1))


@pytest.fixture(scope="module")
def two_processes() -> Profiles:
    """Each case in odd parts, in two processes."""
    return _by_case(local.profile_parts(odd_parts(), read_case, processes=2))


@pytest.fixture(scope="module")
def spark_files(spark: SparkSession) -> Profiles:
    """Each case in odd parts, read by Spark's workers; all the cases are one job."""
    from tidegauge.engines.spark import profile_parts

    with job_ids(spark) as jobs:
        found = profile_parts(spark, odd_parts(), read_case)
    assert len(jobs) == 1
    return _by_case(found)


@pytest.fixture(scope="module")
def spark_frame(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Profiles:
    """Each case as columns of a DataFrame that Spark reads itself, one job a frame again."""
    from tidegauge.engines.spark import profile_frame

    found: dict[str, Profile] = {}
    for some in frame_groups():
        folder = tmp_path_factory.mktemp("wide")
        write_wide(some, folder)
        # No calendar of before 1582: the writer was not Spark 2.
        frame = spark.read.option("datetimeRebaseMode", "CORRECTED").parquet(str(folder))
        with job_ids(spark) as jobs:
            found |= _by_case(profile_frame(spark, frame, split_wide))
        assert len(jobs) == 1
    return found


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("engine", ["one_process", "two_processes", "spark_files"])
def test_statistics_follow_their_definitions(
    engine: str, name: str, request: pytest.FixtureRequest
) -> None:
    """However the rows are split and wherever they are read, each number is the true one."""
    profile: Profile = request.getfixturevalue(engine)[name]
    case, truths = cases()[name], case_truths(name)
    found = {feature.name: feature for feature in profile.statistics().features}
    wrong = {key: differences(truth, found[key]) for key, truth in truths.items()}

    assert case.table.num_rows == profile.rows
    assert list(truths) == [key for key in found if key not in case.failed]
    assert {} == {key: lines for key, lines in wrong.items() if lines}
    for key, words in case.failed.items():
        assert words in (found[key].failure or "")
        assert case.table.num_rows == found[key].num_present + found[key].num_missing


def test_spark_and_local_processes_give_the_same_bytes(
    two_processes: Profiles, spark_files: Profiles
) -> None:
    """What is kept of the same parts does not tell which engine read them."""
    kept = {name: to_parquet(profile) for name, profile in spark_files.items()}

    assert kept == {name: to_parquet(profile) for name, profile in two_processes.items()}


@pytest.mark.parametrize("name", cases())
def test_a_dataframe_gives_the_same(name: str, request: pytest.FixtureRequest) -> None:
    """What Spark reads itself goes through the same kernels, where Spark has the type."""
    case, truths = cases()[name], frame_truths(name)
    if set(case.table.column_names) == set(case.off_frame):
        pytest.skip(next(iter(case.off_frame.values())))
    profile: Profile = request.getfixturevalue("spark_frame")[name]
    found = {feature.name: feature for feature in profile.statistics().features}
    wrong = {key: differences(truth, found[key]) for key, truth in truths.items()}

    assert case.table.num_rows == profile.rows
    assert {} == {key: lines for key, lines in wrong.items() if lines}
    for key in case.failed:
        if key.partition("[")[0] not in case.off_frame:
            assert found[key].failure
