"""A conf says what it means, or every fault of it is told at once with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegauge.config.loading import conf_from_tree, digest, load_conf, to_yaml
from tidegauge.config.schema import CaptureFormat, EngineName, OnViolation
from tidegauge.errors import UsageError

LEAST = {
    "version": 1,
    "monitor": "flights",
    "store": "build/store",
    "training": {"uri": "data", "format": "parquet"},
}
MAIL = {"host": "h", "sender": "a@b.c", "to": ["d@e.f"]}
CONFS = sorted(Path("conf").glob("*.yaml"))


def _write(folder: Path, text: str) -> str:
    path = folder / "conf.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("path", CONFS, ids=str)
def test_every_conf_in_the_repository_loads(path: Path, tmp_path: Path) -> None:
    """What is shipped works, and its effective form loads again to the same conf."""
    conf = load_conf(str(path))

    assert conf == load_conf(_write(tmp_path, to_yaml(conf)))


def test_the_least_conf_has_every_default() -> None:
    """Four keys are required; the rest is as docs/conf.md says."""
    conf = conf_from_tree(LEAST, "conf.yaml")

    assert (OnViolation.REPORT, EngineName.SPARK, 0.01) == (
        conf.on_violation,
        conf.engine,
        conf.max_rejected,
    )
    assert (None, (), True) == (conf.captures, conf.features.exclude, conf.training.header)


def test_all_faults_are_told_at_once_with_their_places() -> None:
    """Unknown keys with the nearest right one, missing keys, wrong types, unknown words."""
    tree = {
        **LEAST,
        "windw": "1d",
        "max_rejected": "x",
        "training": {"uri": "data", "format": "parquet", "tyme": "t"},
        "captures": {"format": "sagemakr", "outputs": "score"},
    }
    with pytest.raises(UsageError) as told:
        conf_from_tree(tree, "conf.yaml")

    for sentence in (
        "unknown key 'windw'; did you mean 'window'?",
        "unknown key 'training.tyme'; did you mean 'time'?",
        "the key 'captures.uri' is missing",
        "captures.format: expected one of sagemaker, parquet, csv, jsonl, json, table; found",
        "captures.outputs: expected a list of names, found 'score'",
        "max_rejected: expected a number, found 'x'",
    ):
        assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 2}, "this release reads version 1, found 2"),
        ({"monitor": "../up"}, "expected letters, digits"),
        ({"window": "daily"}, "'daily' is not a duration"),
        ({"max_rejected": 2}, "expected a share from 0 to 1"),
        ({"captures": {"uri": "c", "format": "csv"}}, "either `layout`"),
        ({"max_catch_up": 0}, "expected 1 window or more, found 0"),
        ({"alerts": {"remind": "weekly"}}, "alerts.remind: 'weekly' is not a duration"),
        ({"alerts": {"slack": {"url": {}}}}, "alerts.slack.url: expected either `env`"),
        ({"alerts": {"slack": {"url": {"env": "A", "secret": "b"}}}}, "expected either `env`"),
        ({"alerts": {"slack": {"url": {"env": "A", "key": "k"}}}}, "variable has no keys"),
        (
            {"alerts": {"slack": {"url": "https://hooks"}}},
            "alerts.slack.url: expected a section, with keys among env, secret, key$",
        ),
        ({"alerts": {"email": {**MAIL, "to": []}}}, "expected one address or more"),
        ({"alerts": {"email": {**MAIL, "user": "u"}}}, "`user` and `password` together"),
        (
            {"alerts": {"email": {**MAIL, "user": "u", "password": {"env": "P"}, "tls": "none"}}},
            "a password is not sent in the open",
        ),
        (
            {"engine": "local", "training": {"uri": "db.t", "format": "table"}},
            "a training set of format 'table' needs engine 'spark'",
        ),
        (
            {"engine": "local", "training": {"uri": "t", "format": "csv", "read": "spark"}},
            "a training set with read 'spark' needs engine 'spark'",
        ),
        ({"captures": {"uri": "t", "format": "table", "layout": "x"}}, "a table has no folders"),
        ({"s3": {"kms_key": "k"}}, "s3.kms_key: a key is used by `encryption: sse-kms` alone"),
        ({"s3": {"encryption": "sse-s4"}}, "expected one of sse-s3, sse-kms; found 'sse-s4'"),
        ({"s3": {"attempts": 0}}, "s3.attempts: expected 1 or more"),
        ({"s3": {"timeout": 0}}, "s3.timeout: expected seconds, more than 0"),
    ],
)
def test_what_types_cannot_say_is_checked_too(change: dict[str, object], sentence: str) -> None:
    """A value of the right type may still make no sense."""
    with pytest.raises(UsageError, match=sentence):
        conf_from_tree({**LEAST, **change}, "conf.yaml")


def test_set_overrides_a_key_wherever_it_is(tmp_path: Path) -> None:
    """`--set` takes dotted paths and YAML values, and makes sections that are not there."""
    path = _write(tmp_path, "version: 1\nmonitor: m\nstore: s\ntraining: {uri: u, format: csv}\n")
    conf = load_conf(
        path, ["training.header=false", "captures.uri=c", "captures.format=sagemaker", "window=6h"]
    )

    assert conf.captures is not None
    assert (False, "c", CaptureFormat.SAGEMAKER, "6h") == (
        conf.training.header,
        conf.captures.uri,
        conf.captures.format,
        conf.window,
    )


@pytest.mark.parametrize("override", ["window", "=1d", "store.inner=1", "a..b=1", "store=a: b: c"])
def test_a_wrong_override_is_told(tmp_path: Path, override: str) -> None:
    """What is not KEY=VALUE, goes through a value that is no section, or is no YAML, is usage."""
    path = _write(tmp_path, "version: 1\nmonitor: m\nstore: s\ntraining: {uri: u, format: csv}\n")

    with pytest.raises(UsageError, match="--set"):
        load_conf(path, [override])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version: 1\nversion: 1\n", "given twice"),
        ("- a\n", "holds no conf"),
        ("a: [\n", "not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "not valid YAML"),
        ("", "holds no conf"),
    ],
)
def test_what_is_no_conf_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    """Duplicate keys, lists, broken YAML, tags that would run code, an empty file."""
    with pytest.raises(UsageError, match=sentence):
        load_conf(_write(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """The sentence names the path."""
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        load_conf(str(tmp_path / "nowhere.yaml"))


def test_the_digest_is_of_what_shapes_the_results() -> None:
    """Another store gives the same documents; another window does not."""
    conf = conf_from_tree(LEAST, "conf.yaml")

    assert digest(conf) == digest(conf_from_tree({**LEAST, "store": "elsewhere"}, "conf.yaml"))
    assert digest(conf) != digest(conf_from_tree({**LEAST, "window": "6h"}, "conf.yaml"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"outputs": {"layout": "sagemaker"}}, "expected `layout` and `uri` together"),
        ({"outputs": {"uri": "out"}}, "expected `layout` and `uri` together"),
        ({"outputs": {"endpoint": "a/b"}}, "outputs.endpoint: expected letters, digits"),
        ({"outputs": {"schedule": ".."}}, "outputs.schedule: expected letters, digits"),
        ({"metrics": {"namespace": ""}}, "metrics.namespace: expected a name"),
        ({"metrics": {"cloudwatch": "send"}}, "expected one of file, put; found 'send'"),
        (
            {"outputs": {"layout": "sagemaker", "uri": "out"}, "window": "15m"},
            "its folders are of hours",
        ),
    ],
)
def test_outputs_and_metrics_are_checked(change: dict[str, object], sentence: str) -> None:
    """Where copies and metrics go is known before a job starts."""
    with pytest.raises(UsageError, match=sentence):
        conf_from_tree({**LEAST, **change}, "conf.yaml")
