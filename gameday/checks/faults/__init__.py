"""Pure. Questions about the fault: it bit, was undone, left nothing behind."""
