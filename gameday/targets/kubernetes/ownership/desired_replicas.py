"""How many pods a workload may want while faults of ours hold.

Each process.stop takes one replica away; `kubernetes.scale` sets a number. Undos may
come in any order: the last one restores the original number, and a number that somebody
else has set is detected.
"""

import json

from gameday.errors import FaultFailed
from gameday.targets.kubernetes.client.api import Json
from gameday.targets.kubernetes.ownership.marks import UNDO

STOPPED = "scale_back"  # the verb of a stop's undo


def _marks(workload: Json) -> dict[str, Json]:
    notes = workload["metadata"].get("annotations") or {}
    return {k: json.loads(text) for k, text in notes.items() if k.startswith(UNDO)}


def stops(workload: Json) -> dict[str, Json]:
    """Return the arguments of all stops of a workload, by their annotation."""
    marks = _marks(workload).items()
    return {key: mark["arguments"] for key, mark in marks if mark["verb"] == STOPPED}


def allowed_replicas(workload: Json, words: str) -> list[int]:
    """Return the numbers of replicas that a workload may want without our stops.

    While `kubernetes.scale` holds: what that has set, or what it will give back.
    """
    held = stops(workload).values()
    now = int(workload["spec"].get("replicas", 1)) + len(held)
    given = [mark["arguments"] for mark in _marks(workload).values()]
    scales = [arguments for arguments in given if arguments.get("field") == "replicas"]
    known = [stop["wants"] for stop in held] + [[scale["value"]] for scale in scales]
    if any(now not in numbers for numbers in known):
        raise FaultFailed(f"{words} does not want what our other faults left it with")
    return [now, *{int(scale["before"]) for scale in scales}]
