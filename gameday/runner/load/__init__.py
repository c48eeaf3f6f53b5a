"""Edge. The load of a run: its process, and what starts, reads and ends it."""
