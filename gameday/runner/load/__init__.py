"""Edge. The load of a run, and which SLOs it feeds."""
