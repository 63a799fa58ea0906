"""Where results go: the store's keys, runs and their commit, the report's partitions."""
