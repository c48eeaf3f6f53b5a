"""Edge. Whose a namespace and its faults are: marks, the lock, late calls."""
