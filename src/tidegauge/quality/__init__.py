"""Model quality: the states of a model's answers against the truth, and the metrics read out."""
