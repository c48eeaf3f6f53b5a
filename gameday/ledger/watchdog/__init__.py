"""Edge. The process beside each run that undoes what a dead run left."""
