"""Edge. Compose projects on a Docker engine, here or far away."""
