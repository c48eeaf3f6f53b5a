"""Edge. Processes of the engine: forked warm, one per experiment or prober."""
