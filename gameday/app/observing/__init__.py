"""Edge. A run's eyes: observers, guardrails and load, built from its plan."""
