"""Pure. Values that people write: their kinds, and the names of a cluster."""
