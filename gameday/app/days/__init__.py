"""Edge. Game days: planned, foreseen, run, one by one or as a suite."""
