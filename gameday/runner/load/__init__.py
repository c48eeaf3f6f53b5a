"""Edge. The load of a run: its process, what drives it, and which SLOs it feeds."""
