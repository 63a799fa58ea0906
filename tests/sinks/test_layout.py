"""The store's keys: a contract, so they stand here letter by letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.model.window import Window
from tidegauge.sinks.layout import (
    Layout,
    MonitorType,
    RunKey,
    parse_run_path,
    run_path,
    violations_path,
    violations_window,
)

LAYOUT = Layout("s3://bucket/prefix", "flights")
DAY = Window.parse("2013-06-20T00:00Z/P1D")
KEY = RunKey(MonitorType.DATA_QUALITY, "AllTraffic", DAY)


def test_the_keys_are_those_of_the_contract() -> None:
    """Other tools rely on these names: extend, do not rename."""
    root = "s3://bucket/prefix/flights"
    day = "window=2013-06-20T0000Z_P1D"
    run = f"type=data_quality/variant=AllTraffic/{day}"
    assert root == LAYOUT.root
    assert f"{root}/baseline/current.json" == LAYOUT.pin
    assert f"{root}/baseline/ab12/model_bias" == LAYOUT.baseline("ab12", MonitorType.MODEL_BIAS)
    assert f"{root}/runs" == LAYOUT.runs
    assert f"{root}/runs/{run}" == LAYOUT.run(KEY)
    assert f"{root}/rejected/{run}" == LAYOUT.rejected(KEY)
    assert f"{root}/rejected/training" == LAYOUT.rejected_training
    assert f"{root}/violations/type=data_quality" == LAYOUT.violations(MonitorType.DATA_QUALITY)
    assert (
        f"{root}/violations/type=data_quality/feature=distance/date=2013-06-20/"
        "2013-06-20T0000Z_P1D_AllTraffic.json"
    ) == LAYOUT.violations_file(KEY, "distance")
    assert f"{root}/report/data_quality" == LAYOUT.report(MonitorType.DATA_QUALITY)


def test_a_run_lies_below_its_variant_and_type() -> None:
    """The folders to list, from the outer to the inner."""
    variants = LAYOUT.variants(KEY.type)
    windows = LAYOUT.windows(KEY.type, KEY.variant)
    assert variants.startswith(f"{LAYOUT.runs}/")
    assert windows.startswith(f"{variants}/")
    assert LAYOUT.run(KEY).startswith(f"{windows}/")


@pytest.mark.parametrize(
    "name", ["..", ".", "a/../../b", "/etc", "a/b", "größe 1", "x=y", "%2e%2e"]
)
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    """Monitor, baseline, variant and feature: one segment each, whatever they are called."""
    key = RunKey(KEY.type, name, DAY)
    assert 3 == Layout("/store", name).root.count("/") + 1
    assert 7 == Layout("/s", "m").baseline(name, KEY.type).count("/") + 2
    assert 7 == Layout("/s", "m").run(key).count("/") + 1
    assert 8 == Layout("/s", "m").violations_file(key, name).count("/") + 1
    for uri in (Layout("/s", name).run(key), Layout("/s", name).violations_file(key, name)):
        assert not {"", ".", ".."} & set(uri.split("/")[1:])


@given(st.text(min_size=1, max_size=80), st.text(max_size=80), st.text(max_size=300))
def test_whatever_the_names_are_the_store_holds_them(
    monitor: str, variant: str, feature: str
) -> None:
    """Any text, controls and slashes included, is one segment below its own.

    The depth is always the same, and no segment is empty, `.` or `..`.
    """
    layout, key = Layout("/store", monitor), RunKey(KEY.type, variant, DAY)
    places = {
        5: (layout.run(key), layout.rejected(key)),
        6: (layout.violations_file(key, feature),),
        4: (layout.baseline(variant or "x", KEY.type),),
    }
    for depth, uris in places.items():
        for uri in uris:
            segments = uri.removeprefix("/store/").split("/")
            assert depth == len(segments)
            assert not {"", ".", ".."} & set(segments)
            assert max(len(segment.encode()) for segment in segments) <= 255


@given(
    st.sampled_from(MonitorType),
    st.text(st.characters(codec="utf-8"), max_size=50),
    st.sampled_from(["2013-06-20T00:00Z/P1D", "2024-02-29T23:30Z/PT30M", "1969-12-28T00:00Z/P7D"]),
)
def test_a_run_is_read_back_from_its_path(kind: MonitorType, variant: str, window: str) -> None:
    """The folder, and a document in it, say which run it is."""
    key = RunKey(kind, variant, Window.parse(window))
    assert key == parse_run_path(run_path(key))
    assert key == parse_run_path(f"{run_path(key)}/run.json")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "type=data_quality",
        "type=data_quality/variant=A/window=today",
        "type=data_quality/variant=A/window=2013-99-20T0000Z_P1D",
        "type=data_quality/variant=A/window=2013-06-20T0000Z_P1D/a/b",
        "type=other/variant=A/window=2013-06-20T0000Z_P1D",
        "x/type=data_quality/variant=A/window=2013-06-20T0000Z_P1D",
    ],
)
def test_what_is_no_run_is_passed_over(path: str) -> None:
    """People put files where they like."""
    assert parse_run_path(path) is None


def test_a_violations_file_knows_its_window() -> None:
    """So that a report can find the files of its range."""
    for variant in ("AllTraffic", "_all", "a/b_c"):
        path = violations_path(RunKey(KEY.type, variant, DAY), "a_b/c")
        assert DAY == violations_window(path)
    assert violations_window("feature=a/date=2013-06-20/notes.json") is None
    assert violations_window("feature=a/date=2013-06-20/2013-06-31T0000Z_P1D_A.json") is None


def test_no_file_of_violations_is_hidden_from_spark() -> None:
    """Spark passes over files whose names begin with `_` or `.`, as `_all` would."""
    for variant in ("_all", ".x"):
        name = violations_path(RunKey(KEY.type, variant, DAY), "f").rpartition("/")[2]
        assert not name.startswith(("_", "."))
