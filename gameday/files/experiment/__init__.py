"""Edge. Chaos Toolkit experiments, judged and read as far as gameday needs them."""
