"""Edge. What a run observes with: observers, guardrails, load, as planned."""
