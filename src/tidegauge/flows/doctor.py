"""The doctor: is everything there that the jobs of a conf will need? Each finding stands alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from tidegauge.config.alerts import secrets_of
from tidegauge.errors import ExitCode, InputError, StorageError, TidegaugeError
from tidegauge.flows.alerting import opened
from tidegauge.sources.listing import list_files
from tidegauge.storage import filesystem, join, storage_for
from tidegauge.storage.advice import told_by_arrow
from tidegauge.storage.uri import scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tidegauge.config.alerts import Secret
    from tidegauge.config.quality import GroundTruth, QualityBaseline
    from tidegauge.config.schema import Captures, Conf, Training
    from tidegauge.flows.job import Job

    _Input = Training | Captures | GroundTruth | QualityBaseline

_SKEW_NOTED = timedelta(minutes=1)
_SKEW_REFUSED = timedelta(minutes=15)  # "RequestTimeTooSkewed" of S3
_PROBE = b"tidegauge doctor was here\n"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and what was found; `code` is 0 where all is well."""

    what: str
    found: str
    code: ExitCode = ExitCode.DONE


def examine(what: str, look: Callable[[], str]) -> Finding:
    """The finding of one look, whose failure is a finding, too."""
    try:
        return Finding(what, look())
    except TidegaugeError as error:
        return Finding(what, str(error), error.exit_code)


def examinations(job: Job, clock: Callable[[], datetime]) -> Iterator[Finding]:
    """Credentials, the clock, every location that the conf names, and every secret."""
    conf = job.conf
    inputs = dict(_inputs(conf))
    places = [conf.store, *(section.uri for section in inputs.values()), conf.outputs.uri or ""]
    tables = {section.uri for section in inputs.values() if section.format == "table"}
    buckets = {
        "/".join(place.split("/")[:3]): place
        for place in places
        if place and place not in tables and scheme(place) == "s3"
    }
    if buckets:
        yield examine("credentials", partial(_credentials, job, next(iter(buckets.values()))))
    for bucket, place in buckets.items():
        yield examine(f"clock of {bucket}", partial(_clock, job, place, clock))
    yield from _writable(job, "store", job.layout.root)
    for what, section in inputs.items():
        if section.uri in tables:
            yield Finding(what, f"{section.uri} is a table: what Spark may read, it will tell")
        else:
            comes_later = section is conf.ground_truth
            yield examine(what, partial(_readable, job, section.uri, may_be_empty=comes_later))
    if conf.outputs.uri:
        yield from _writable(job, "outputs.uri", conf.outputs.uri)
    for key, secret in secrets_of(conf.alerts):
        yield examine(key, partial(_secret, job, secret))


def _inputs(conf: Conf) -> Iterator[tuple[str, _Input]]:
    """What the jobs read, by its key in the conf."""
    quality = conf.model_quality.baseline if conf.model_quality else None
    for what, section in (
        ("training.uri", conf.training),
        ("captures.uri", conf.captures),
        ("ground_truth.uri", conf.ground_truth),
        ("model_quality.baseline.uri", quality),
    ):
        if section:
            yield what, section


def _credentials(job: Job, uri: str) -> str:
    storage_for(uri, job.conf.s3)  # or it says which package is missing
    from tidegauge.storage.s3_client import identity

    return identity(job.conf.s3)


def _secret(job: Job, secret: Secret) -> str:
    return f"the secret is there: {opened(secret, job)}"


def _clock(job: Job, uri: str, clock: Callable[[], datetime]) -> str:
    storage_for(uri, job.conf.s3)
    from tidegauge.storage.clock import s3_time

    skew = abs(clock() - s3_time(uri, job.conf.s3))
    told = f"this machine's clock and the server's differ by {skew.total_seconds():.0f} s"
    if skew > _SKEW_REFUSED:
        raise StorageError(f"{told}, and S3 refuses more than 900 s: set the clock (NTP)")
    if skew > _SKEW_NOTED:
        raise StorageError(f"{told}: windows end by this clock, set it (NTP)")
    return told


def _readable(job: Job, uri: str, *, may_be_empty: bool) -> str:
    """Listing, and the first byte of one file by pyarrow, which is how the workers read."""
    files = list_files(uri, job.conf.s3).files
    if not files and may_be_empty:
        return f"{uri} can be listed, and nothing is there yet"
    if not files:
        raise InputError(f"there is nothing at {uri}: correct the location, or put the data there")
    system, path = filesystem(files[0].uri, job.conf.s3)
    try:
        with system.open_input_file(path) as file:
            file.read(1)
    except OSError as error:
        told = told_by_arrow(error, "s3:GetObject")
        raise StorageError(f"cannot read {files[0].uri}: {told}") from error
    return f"{len(files):,} files at {uri}, of which one was opened"


def _writable(job: Job, what: str, folder: str) -> Iterator[Finding]:
    """Put, get, list and delete, each by itself: a role may lack one of them."""
    storage = partial(storage_for, folder, job.conf.s3)  # which may lack a package
    uri = join(folder, "doctor", "probe")

    def put() -> str:
        storage().write(uri, _PROBE)
        return f"{folder} can be written"

    def get() -> str:
        storage().read(uri)
        return f"{folder} can be read"

    def listed() -> str:
        next(iter(storage().files(folder)), None)
        return f"{folder} can be listed"

    def delete() -> str:
        storage().delete([uri])
        return f"objects of {folder} can be deleted"

    written = examine(f"{what}, write", put)
    yield written
    if not written.code:
        yield examine(f"{what}, read", get)
    yield examine(f"{what}, list", listed)
    if not written.code:
        yield examine(f"{what}, delete", delete)
