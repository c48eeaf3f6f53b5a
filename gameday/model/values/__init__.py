"""Pure. Values that people write: their kinds, how a file has them, cluster names."""
