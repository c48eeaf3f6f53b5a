"""gameday: game days with a verdict.

The floor plan; data flows from left to right::

    files --> Scenario --> Plan --> (Chaos Toolkit + observers) --> Timeline --> Verdict
    edge       pure        pure               edge                    data        pure

Rooms, from the ground up (imports point down only; ``.importlinter`` holds it):

* ``errors``, ``model``, ``ports``: the words, without any effect.
* ``plans``, ``checks``, ``reports``: pure decisions before, judgement after, pages.
* ``coverage``: what stored runs prove of rules, routes and receivers.
* ``replay``: whether other rules and routes would have caught a recorded run.
* ``clock``: the only module that reads time.
* ``targets``: the only hands that touch a system.
* ``ledger``: what is broken right now, written before it breaks; the watchdog; heal.
* ``files``, ``faults``, ``observers``, ``runner``, ``store``: the edges.
* ``app``: wires them; ``cli``: one verb per module.
"""

from typing import Any

__version__ = "0.1.0"


def discover(discover_system: bool = True) -> Any:
    """Return what `chaos discover` lists; imported late, as it is rarely asked."""
    from gameday.faults import discovery

    return discovery.discover(discover_system=discover_system)
