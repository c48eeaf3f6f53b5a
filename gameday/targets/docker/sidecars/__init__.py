"""Edge. Helper containers beside a victim, and the faults that they hold."""
