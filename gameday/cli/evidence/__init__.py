"""Edge. Verbs about stored runs: what they say, prove, and let ship."""
