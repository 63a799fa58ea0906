"""Who is told of incidents and windows, beside the store."""
