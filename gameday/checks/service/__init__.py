"""Pure. Questions about the service: steady state, recovery, healing, metrics."""
