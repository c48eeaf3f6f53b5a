"""Edge. Kubernetes' own faults: each is one driver with its undo."""
