"""Pure. Whether other rules and routes would have caught a recorded game day."""
