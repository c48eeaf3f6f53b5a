"""Edge. A container's processes: found, entered, stopped, killed."""
