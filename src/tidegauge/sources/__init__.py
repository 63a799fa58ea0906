"""Training data and captures: what there is, cut into parts, read as chunks of Arrow columns."""
