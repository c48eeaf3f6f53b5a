"""Edge. Faults of a network namespace: its rules and queues, and what is in it."""
