"""Pure. Questions about SLOs and load: budget spent, agreement, what users saw."""
