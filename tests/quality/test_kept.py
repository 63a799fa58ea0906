"""Bytes that an earlier release has kept stay readable for ever: they are in git, never made anew.

`recipe.py` says how `kept/` was made. When this test fails, the reader is wrong.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.quality import recipe

from tidegauge.errors import DocumentError
from tidegauge.model.quality import Problem
from tidegauge.quality.profile import QualityProfile
from tidegauge.quality.readout import read_out
from tidegauge.quality.table import from_parquet

METRICS = {
    Problem.BINARY: {
        "recall": 0.7777777777777778,
        "precision": 0.47530864197530864,
        "auc": 0.7908461721593035,
        "average_precision": 0.6921966375091373,
        "log_loss": 0.5152696158639043,
        "brier_score": 0.17644536725277465,
        "total_cost": 1473.0,
        "cheapest_threshold": 0.6875,
        "cheapest_cost_per_thousand": 672.2783389450057,
    },
    Problem.MULTICLASS: {"accuracy": 0.5, "weighted_f1": 0.49747474747474746},
    Problem.REGRESSION: {
        "mae": 0.4862,
        "mse": 0.3158671111111111,
        "r2": 0.9325400608083055,
        "mean_error": -0.0434,
    },
}
MATRICES = {
    Problem.BINARY: {
        "late": {"late": 231, "on time": 66},
        "on time": {"late": 255, "on time": 339},
    },
    Problem.MULTICLASS: {
        "10": {"10": 90, "a": 135, "b": 0, "größe": 0},
        "a": {"10": 0, "a": 135, "b": 90, "größe": 0},
        "b": {"10": 0, "a": 0, "b": 135, "größe": 90},
        "größe": {"10": 135, "a": 0, "b": 0, "größe": 90},
    },
    Problem.REGRESSION: {},
}


def kept(problem: Problem) -> QualityProfile:
    """The profile that version 1 has kept."""
    path = recipe.KEPT / f"v1-{problem.value}.parquet"
    return from_parquet(path.read_bytes(), path.name)


@pytest.mark.parametrize("problem", Problem)
def test_numbers_of_what_was_kept(problem: Problem) -> None:
    """Plan, metrics and counts."""
    profile = kept(problem)
    found = read_out(profile)
    expected = METRICS[problem]

    assert recipe.PLANS[problem] == profile.plan
    assert MATRICES[problem] == found.confusion
    assert expected == pytest.approx({name: found.value(name) for name in expected}, rel=1e-12)


def test_cells_subsamples_and_counts() -> None:
    """Scores in cells, five subsamples, and the rows that were left out."""
    profile = kept(Problem.BINARY)

    assert (891, 9, 0) == (profile.rows, profile.unlabelled, profile.unanswered)
    assert (50, 39) == (profile.scores.level, len(profile.scores.cells))
    assert [713, 704, 710, 725, 715] == [part.rows for part in profile.subsamples]


@pytest.mark.parametrize("problem", Problem)
def test_what_was_kept_merges_with_what_is_made_today(problem: Problem) -> None:
    """The same rows again: the same values of twice the counts."""
    old = kept(problem)
    both = QualityProfile.merge_all((old, recipe.profile(problem)))
    before, after = read_out(old), read_out(both)

    assert 2 * old.rows == both.rows
    assert old.scores.level == both.scores.level
    for name in METRICS[problem]:
        doubled = 2 if name == "total_cost" else 1
        value = before.value(name)
        assert value is not None
        assert after.value(name) == pytest.approx(doubled * value, rel=1e-12)
    assert len(old.subsamples) == len(both.subsamples)


def test_a_newer_version_is_refused() -> None:
    """In a sentence that says what to do."""
    table = pq.read_table(recipe.KEPT / "v1-regression.parquet")
    newer = table.replace_schema_metadata(
        {b"tidegauge_quality": json.dumps({"version": 2, "plan": None}).encode()}
    )
    sink = pa.BufferOutputStream()
    pq.write_table(newer, sink)

    with pytest.raises(DocumentError, match="has version 2, this release reads up to 1"):
        from_parquet(sink.getvalue().to_pybytes(), "profile.parquet")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"no parquet at all"])
def test_what_is_no_profile_is_refused(data: bytes) -> None:
    """In a sentence, not a traceback."""
    with pytest.raises(DocumentError, match="is not a model-quality profile"):
        from_parquet(data, "profile.parquet")
