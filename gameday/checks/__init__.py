"""Pure. Timeline to findings, one question per module."""
