"""Edge. Probes that tell whether a network fault bites: before it, and in it."""
