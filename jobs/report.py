"""Writes the violations of the runs in the store to one partition a feature and day.

Of all runs, or of the windows that begin in [FROM, TO):

    spark-submit jobs/report.py conf/flights.yaml
    spark-submit jobs/report.py conf/flights.yaml --from 2013-06-01 --to 2013-07-01

It reads and writes documents only and starts no Spark, so that

    tidegauge report conf/flights.yaml

does the same on any machine that sees the store, and starts faster.

Exit codes:
    0   done; violations, if any, are in the store
    1   a bug: a traceback
    2   the usage, the conf or a document is wrong
    4   the store has neither a run nor a baseline of this monitor
    5   the storage failed: safe to try again
"""

from tidegauge.app import run

if __name__ == "__main__":
    run("report")
