"""Edge. Faults that use up a container's CPU time or memory, in its cgroup."""
