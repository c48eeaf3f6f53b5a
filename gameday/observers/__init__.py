"""Edge. Eyes only."""
