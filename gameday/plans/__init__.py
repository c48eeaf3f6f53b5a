"""Pure. Decisions before anything is touched."""
