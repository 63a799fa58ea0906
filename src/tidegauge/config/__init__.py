"""The conf: one YAML a monitored model, read by all the jobs."""
