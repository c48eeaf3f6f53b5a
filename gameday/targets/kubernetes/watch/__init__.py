"""Edge. What changes in a namespace: watches, Events, availability."""
