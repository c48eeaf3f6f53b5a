"""Edge. One verb per module."""
