"""Edge. SLO files: OpenSLO, Sloth and Pyrra, each as its own tool reads it."""
