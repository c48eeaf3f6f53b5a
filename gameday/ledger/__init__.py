"""Edge. What is broken right now, written before it breaks; the watchdog; heal."""
