"""SageMaker's documents of model quality, our numbers under the key `tidegauge`."""
