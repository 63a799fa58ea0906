r"""Submits a job to EMR or EMR Serverless, waits, and brings its logs and records back.

    python scripts/submit.py emr monitor conf/churn.yaml --bundle BUNDLE --cluster j-ABC
    python scripts/submit.py emr-serverless monitor conf/churn.yaml --bundle BUNDLE \
        --application 00abc --role arn:aws:iam::111122223333:role/tidegauge-job \
        --logs s3://my-bucket/logs

BUNDLE is what scripts/bundle.py printed. What follows `--` goes to the job as it is. A conf that is
a local file is put beside the bundle. Logs come to --out, and so does each run.json that the job
has written: the cluster only tells zero from other exit codes, the records tell what happened.

Exit codes are those of the job as far as the records tell: 3 and 4 by their statuses, 5 where the
cluster failed, could not be asked, or took longer than --timeout.
"""

from __future__ import annotations

import argparse
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from clusters import Emr, EmrServerless
from submission import JOBS, Submission
from tidegauge.config.loading import load_conf
from tidegauge.documents import run as run_document
from tidegauge.documents.run import RunStatus
from tidegauge.documents.text import load
from tidegauge.errors import ExitCode, StorageError, TidegaugeError
from tidegauge.sinks.layout import Layout
from tidegauge.sinks.runs import RUN
from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clusters import Cluster, End
    from tidegauge.config.schema import Conf
    from tidegauge.documents.run import RunRecord
    from tidegauge.storage import Entry


def main(argv: Sequence[str]) -> int:
    """Submit, wait, bring back; returns the exit code."""
    end = list(argv).index("--") if "--" in argv else len(argv)
    asked = _parser().parse_args(argv[:end])
    try:
        return _run(asked, _cluster(asked), tuple(argv[end + 1 :]))
    except TidegaugeError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    except (BotoCoreError, ClientError) as error:
        print(f"{asked.target} could not be asked: {error}; see docs/cluster.md", file=sys.stderr)
        return int(ExitCode.RETRY)


def _run(asked: argparse.Namespace, cluster: Cluster, arguments: tuple[str, ...]) -> int:
    overrides = [word for pair in asked.overrides for word in ("--set", pair)]
    conf = load_conf(asked.conf, asked.overrides)
    submission = Submission(
        bundle=asked.bundle.rstrip("/"),
        job=asked.job,
        conf=put_conf(asked.conf, asked.bundle),
        arguments=(*overrides, *arguments),
        spark=dict(pair.split("=", 1) for pair in asked.spark),
    )
    before = _records(conf)
    id_ = cluster.submit(submission)
    print(f"{asked.target}: {id_} runs {submission.name}")
    end = _wait(cluster, id_, asked)
    out = Path(asked.out, id_)
    for uri in _logs(cluster, id_, asked):
        _keep(out / "logs" / uri.partition("://")[2], storage_for(uri).read(uri))
    records = _bring_records(conf, before, out / "records")
    print(f"{end.state}{f': {end.reason}' if end.reason else ''}; logs and records are in {out}")
    for record in records:
        print(f"{record.variant} {record.window or 'baseline'}: {record.status} {record.reason}")
    return int(_exit_code(end, records))


def put_conf(conf: str, bundle: str) -> str:
    """Where the job finds the conf: a local one is put beside the bundle, named by its content."""
    if conf.startswith("s3://"):
        return conf
    data = Path(conf).read_bytes()
    uri = join(bundle, "confs", sha256(data).hexdigest()[:12], Path(conf).name)
    storage_for(uri).write(uri, data)
    return uri


def _wait(cluster: Cluster, id_: str, asked: argparse.Namespace) -> End:
    deadline = time.monotonic() + asked.timeout
    while (end := cluster.end(id_)) is None:
        if time.monotonic() > deadline:
            raise StorageError(
                f"{id_} has not ended within {asked.timeout} s (--timeout); it goes on: look at it "
                "in the console, or cancel it there"
            )
        time.sleep(asked.poll)
    return end


def _logs(cluster: Cluster, id_: str, asked: argparse.Namespace) -> tuple[str, ...]:
    """The logs' locations; the cluster puts them there some minutes after the end."""
    deadline = time.monotonic() + asked.log_timeout
    while not (found := cluster.logs(id_)) and time.monotonic() < deadline:
        time.sleep(asked.poll)
    return found


def _records(conf: Conf) -> Mapping[str, Entry]:
    """Each run.json of the monitor as it is listed now."""
    root = Layout(conf.store, conf.monitor).root
    listed = storage_for(root, conf.s3).files(root)
    return {entry.key: entry for entry in listed if entry.key.endswith(f"/{RUN}")}


def _bring_records(conf: Conf, before: Mapping[str, Entry], out: Path) -> tuple[RunRecord, ...]:
    """Copy each record that is new, or was written again, and return them."""
    root = Layout(conf.store, conf.monitor).root
    storage = storage_for(root, conf.s3)
    brought = []
    for key, entry in _records(conf).items():
        if entry != before.get(key):
            uri = join(root, key)
            data = storage.read(uri)
            _keep(out / key, data)
            brought.append(run_document.decode(load(data, uri), uri))
    return tuple(brought)


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _exit_code(end: End, records: Sequence[RunRecord]) -> ExitCode:
    """What the job's own code was, as far as a cluster lets it be known."""
    if end.done:
        return ExitCode.DONE
    statuses = {record.status for record in records}
    if RunStatus.FAILED in statuses:
        return ExitCode.INPUT
    if RunStatus.COMPLETED_WITH_VIOLATIONS in statuses:
        return ExitCode.VIOLATIONS
    return ExitCode.RETRY


def _cluster(asked: argparse.Namespace) -> Cluster:
    session = boto3.Session(profile_name=asked.profile, region_name=asked.region)
    if asked.target == "emr":
        return Emr(session.client("emr"), asked.cluster)
    client = session.client("emr-serverless")
    return EmrServerless(client, asked.application, asked.role, asked.logs.rstrip("/"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    targets = parser.add_subparsers(dest="target", required=True, metavar="TARGET")
    emr = targets.add_parser("emr", help="a step of a running EMR cluster")
    _add_common(emr)
    emr.add_argument("--cluster", required=True, metavar="ID", help="j-...")
    serverless = targets.add_parser("emr-serverless", help="a job run of an application")
    _add_common(serverless)
    serverless.add_argument("--application", required=True, metavar="ID")
    serverless.add_argument("--role", required=True, metavar="ARN", help="as which the job runs")
    serverless.add_argument("--logs", required=True, metavar="URI", help="where its logs go")
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("conf", metavar="CONF", help="a local file, or s3:// where it lies")
    parser.add_argument("--bundle", required=True, metavar="URI")
    parser.add_argument("--out", default="build/submitted", metavar="FOLDER")
    for option, name in (("--set", "overrides"), ("--spark", "spark")):
        parser.add_argument(option, dest=name, action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--timeout", type=float, default=4 * 3600, metavar="SECONDS")
    parser.add_argument("--log-timeout", type=float, default=600, metavar="SECONDS")
    parser.add_argument("--poll", type=float, default=10, metavar="SECONDS")
    parser.add_argument("--profile", metavar="NAME", help="a profile of the AWS configuration")
    parser.add_argument("--region", metavar="NAME")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
