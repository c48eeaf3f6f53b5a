"""Edge. Scenarios: their format, what holds between their keys, all that they name."""
