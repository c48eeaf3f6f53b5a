"""Edge. What is broken right now, written before it breaks; the watchdog; heal.

``watchdog``: the process that undoes what a run has left when the run is dead.
"""
