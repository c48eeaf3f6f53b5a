"""Edge. What stored runs prove: coverage, replay, regressions, the gate, drills."""
