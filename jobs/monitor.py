r"""Checks windows of captured inference against the pinned baseline; writes what was violated.

Every complete window that was not run yet, oldest first; or the one that is named:

    spark-submit jobs/monitor.py conf/flights.yaml
    spark-submit jobs/monitor.py conf/flights.yaml --window 2013-06-20T00:00Z/P1D

On a standalone cluster; the workers must see the data and have Tidegauge in their Python:

    spark-submit --master spark://HOST:7077 jobs/monitor.py conf/flights.yaml

On YARN, with everything that the job needs packed into one archive:

    spark-submit --master yarn --deploy-mode cluster \
        --conf spark.yarn.appMasterEnv.PYSPARK_PYTHON=./environment/bin/python \
        --conf spark.executorEnv.PYSPARK_PYTHON=./environment/bin/python \
        --archives environment.tar.gz#environment --files conf/flights.yaml \
        jobs/monitor.py flights.yaml

`tidegauge monitor CONF` does the same without spark-submit; the arguments are the same, and
`--help` explains them.

Exit codes; of several windows, the worst:
    0   done; violations, if any, are in the store
    1   a bug: a traceback
    2   the usage, the conf, a document or the baseline is wrong; found before Spark starts
    3   done, with violations, where the conf says `on_violation: fail`
    4   no capture in the window that was asked for, or too many bad records
    5   the storage or the engine failed: safe to try again

YARN's cluster mode keeps only zero or non-zero: what counts there is run.json in the store.
"""

from tidegauge.app import run

if __name__ == "__main__":
    run("monitor")
