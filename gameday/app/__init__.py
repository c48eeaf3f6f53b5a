"""Edge. The wiring: the only place that constructs what implements the ports.

* ``days``: what holds a game day, from its plan to its end.
* ``observing``: who observes a run, and which secrets that needs.
* ``evidence``: what is made of stored runs: coverage, replays, comparisons, the gate.
"""
