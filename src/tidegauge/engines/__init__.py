"""Engines: parts of data in, profiles out; on Spark's executors, in local processes, or in one."""
