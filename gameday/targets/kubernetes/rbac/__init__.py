"""Edge. What gameday has to be, and is, allowed to do in a cluster."""
