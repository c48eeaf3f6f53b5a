"""Edge. Verbs of a game day: what touches or looks at the system."""
