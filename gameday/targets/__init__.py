"""Edge. The only hands that touch a system."""
