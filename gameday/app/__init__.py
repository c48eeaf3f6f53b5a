"""Edge. The wiring: the only place that constructs what stands behind the doors."""
