r"""Profiles the training data that a conf names, and suggests constraints.json from what it saw.

On this machine, on all its cores:

    spark-submit jobs/baseline.py conf/flights.yaml

On a standalone cluster; the workers must see the data and have Tidegauge in their Python:

    spark-submit --master spark://HOST:7077 jobs/baseline.py conf/flights.yaml

On YARN, with everything that the job needs packed into one archive:

    spark-submit --master yarn --deploy-mode cluster \
        --conf spark.yarn.appMasterEnv.PYSPARK_PYTHON=./environment/bin/python \
        --conf spark.executorEnv.PYSPARK_PYTHON=./environment/bin/python \
        --archives environment.tar.gz#environment --files conf/flights.yaml \
        jobs/baseline.py flights.yaml

`tidegauge baseline CONF` does the same without spark-submit; the arguments are the same, and
`--help` explains them. The conf's `store`, `training.uri` and `captures.uri` must be where all
machines see them: s3:// on a cluster, a folder on one machine.

Exit codes:
    0   done
    1   a bug: a traceback
    2   the usage, the conf or a document is wrong; found before Spark starts
    4   the training data is missing, empty or unreadable
    5   the storage or the engine failed: safe to try again

YARN's cluster mode keeps only zero or non-zero: what counts there is run.json in the store.
"""

from tidegauge.app import run

if __name__ == "__main__":
    run("baseline")
