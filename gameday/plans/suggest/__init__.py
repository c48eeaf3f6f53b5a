"""Pure. Which fault would make an alert rule fire, and what to promise of it."""
