"""Edge. The only hands that touch a system; `open_target` is the door."""
