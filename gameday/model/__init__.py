"""Pure. The nouns: classes of values (`gameday.frozen`), nothing else.

* ``alerting``: alerts, their rules, routes and expressions. ``slos``: SLOs.
* ``timing``: when a promise of an alert can come true at all.
* ``faults``: the catalogue, and what is asked and undone.
* ``events``: what a run records, one class for each kind.
* ``values``: kinds of values as files write them; one language for all readers.
"""
