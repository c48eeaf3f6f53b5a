"""Edge. Verbs about files: what a scenario and a pipeline are written in."""
