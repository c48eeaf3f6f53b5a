"""Edge. The wiring: the only place that constructs what implements the ports."""
