"""What is known of a rule, a route or a receiver: proven, stale, seen, or never."""

from collections.abc import Iterable

from gameday.coverage.definition import RuleDefinition
from gameday.coverage.past import Evidence
from gameday.frozen import frozen

IS_PROVEN, STALE, SYNTHETIC = "proven", "stale", "synthetic only"
WAS_SEEN, NEVER = "seen", "never"
NEW, CHANGED, SAME = "new", "changed", "same"  # of a rule, since a commit


@frozen
class ProofState:
    """What is known of one rule, route or receiver.

    `evidence`: what the state rests on. `service`: same, changed, or unknown, of what
    the fault hit. `since_base`: new, changed or same; empty: not compared. `counted`:
    whether the ratio counts it.
    """

    name: str
    state: str
    because: str = ""
    evidence: Evidence | None = None
    rule: RuleDefinition | None = None
    service: str = ""
    since_base: str = ""
    counted: bool = True

    @property
    def proven(self) -> bool:
        """Whether it is proven, and the proof is fresh."""
        return self.state == IS_PROVEN


def share(states: Iterable[ProofState]) -> float | None:
    """Return which share of those that count is proven; None: none counts."""
    counted = [state for state in states if state.counted]
    if not counted:
        return None
    return sum(state.proven for state in counted) / len(counted)
