"""Tidegauge: data-quality baselines and model monitoring as Spark batch jobs."""

__version__ = "0.1.0"
