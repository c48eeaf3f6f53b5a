"""Edge. Drives one plan from start to end."""
