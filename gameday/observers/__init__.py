"""Edge. What observes a run; nothing here can change what it observes."""
