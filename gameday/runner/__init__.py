"""Edge. Drives one plan from start to end.

* ``engine``: Chaos Toolkit, in processes of its own. ``load``: the scenario's traffic.
* ``evaluation``: a Prometheus that evaluates rules over what a run has recorded.
"""
