"""Edge. Runs on disk."""
