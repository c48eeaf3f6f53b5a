"""A Chaos Toolkit experiment, as far as gameday has to understand it."""

from collections.abc import Mapping
from typing import Any

from gameday.frozen import frozen
from gameday.model.faults.fault import FaultRequest


@frozen
class Experiment:
    """One experiment file: its document as it is, and what gameday reads of it.

    `document` is the file's own content (what the engine is given, with
    `configuration` overridden by the scenario). `faults` are gameday's own
    faults in the method, in order, their arguments resolved; `foreign` are the
    dotted names of other actions.
    """

    path: str
    title: str
    document: Mapping[str, Any]
    faults: tuple[FaultRequest, ...] = ()
    foreign: tuple[str, ...] = ()
    has_hypothesis: bool = False
