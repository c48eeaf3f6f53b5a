"""Pure. The one gate of doubt that every answer passes, and its table."""
