"""Edge. A Prometheus that evaluates a record again: a server, or one of our own."""
