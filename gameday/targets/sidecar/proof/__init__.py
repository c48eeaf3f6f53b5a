"""Edge. Whether a network fault bites: probes sent before it and while it holds."""
