"""What this kernel can do, and sweeping up after a sidecar that was killed."""

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.targets.sidecar.network.delay import netem_leaf
from gameday.targets.sidecar.network.loss import statistic_match
from gameday.targets.sidecar.network.nfqueue import QUEUED, Queue, into_queue
from gameday.targets.sidecar.network.rate import no_shaping
from gameday.targets.sidecar.network.rules import (
    FirewallRule,
    FirewallRules,
    RulesFailed,
)
from gameday.targets.sidecar.network.shaping import (
    interfaces,
    remove_incoming,
    remove_qdiscs,
    why_no_leaf,
)
from gameday.targets.sidecar.work import SignalQueue, WorkFailed

_QUEUE = 9


def first_way(ways: Sequence[tuple[str, str]], mark: str) -> str:
    """Return the first of these works that this kernel can; WorkFailed: none.

    Each comes with what it needs of the kernel.
    """
    able = Look({"mark": mark}).apply()
    for work, needs in ways:
        if not able[needs]:
            return work
    raise WorkFailed(" and ".join(f"no {needs} ({able[needs]})" for _, needs in ways))


class Look:
    """Tries each way out in the helper's own, empty namespace."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._mark = spec["mark"]

    def prepare(self) -> None:
        """Nothing to prepare."""

    def apply(self) -> Mapping[str, Any]:
        """Return for each way an empty text, or why the kernel has it not."""
        return {
            "drop": self._rule("filter", "-j DROP"),
            "netem": why_no_leaf(*netem_leaf(0.001, 0.0)),
            "nfqueue": self._queue(),
            "shaping": no_shaping(),
            "statistic": self._rule("mangle", f"{statistic_match(0.5)} -j DROP"),
        }

    def _rule(self, table: str, end: str) -> str:
        rules = FirewallRules(self._mark, table)
        try:
            rules.add([FirewallRule("INPUT", f"! -i lo {end}")])
            rules.remove()
        except RulesFailed as wrong:
            return str(wrong)
        return ""

    def _queue(self) -> str:
        try:
            Queue(_QUEUE).close()
        except OSError as wrong:
            return f"no packet queues: {wrong}"
        return self._rule("mangle", into_queue(_QUEUE))

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Return at once: looking holds nothing."""

    def remove(self) -> None:
        """Leave it: the namespace goes with the helper."""


class Sweep:
    """Removes what a mark left in this namespace."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._mark = "" if spec.get("every") else spec["mark"]

    def prepare(self) -> None:
        """Nothing to prepare."""

    def apply(self) -> Mapping[str, Any]:
        """Remove rules and qdiscs; return how many rules were there.

        `held`: those by which the kernel alone went on with the fault. A rule that
        leads to a queue lets everything pass once the queue's holder is dead.
        """
        every = [
            FirewallRules(self._mark, t, f)
            for t in ("filter", "mangle")
            for f in (4, 6)
        ]
        try:
            texts = [text for rules in every for _, text in rules.listed()]
            for rules in every:
                rules.remove()
        except RulesFailed as wrong:
            raise WorkFailed(f"the rules could not be removed: {wrong}") from wrong
        remove_incoming()
        remove_qdiscs(*interfaces())
        held = sum(QUEUED not in text for text in texts)
        return {"found": len(texts), "held": held}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Return at once: sweeping holds nothing."""

    def remove(self) -> None:
        """Nothing is left of sweeping."""
