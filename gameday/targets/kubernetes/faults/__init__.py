"""Edge. Kubernetes' own faults: each is one hand with its undo."""
