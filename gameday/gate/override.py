"""An override: somebody ships in spite of the gate, says why, and until when."""

from collections.abc import Iterable, Mapping
from typing import Any

from gameday.frozen import frozen
from gameday.gate.decide import Decision
from gameday.model.quantity import parse_instant, show_instant
from gameday.model.verdict import ExitCode, Outcome

_CODES = {
    Outcome.PASS: ExitCode.PASS,
    Outcome.FAIL: ExitCode.FAIL,
    Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


@frozen
class Override:
    """Who opened which gate, why, from when to when (seconds since the epoch)."""

    gate: str
    by: str
    because: str
    at: float
    until: float

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept, and as answers show it."""
        return {
            "gate": self.gate,
            "by": self.by,
            "because": self.because,
            "at": show_instant(self.at),
            "until": show_instant(self.until),
        }


def from_json(kept: Mapping[str, Any]) -> Override:
    """Return an override that was kept; ValueError or KeyError where it is none."""
    return Override(
        gate=str(kept["gate"]),
        by=str(kept["by"]),
        because=str(kept["because"]),
        at=parse_instant(kept["at"]),
        until=parse_instant(kept["until"]),
    )


def in_force(overrides: Iterable[Override], gate: str, at: float) -> Override | None:
    """Return the newest override of a gate that is not over."""
    holding = [
        override
        for override in overrides
        if override.gate == gate and override.at <= at < override.until
    ]
    return max(holding, key=lambda override: override.at, default=None)


def document(decision: Decision, override: Override | None) -> dict[str, Any]:
    """Return a decision as JSON has it: the outcome stays what it is."""
    shown: dict[str, Any] = {
        "gate": decision.gate,
        "at": show_instant(decision.at),
        "outcome": decision.outcome.value,
        "because": decision.sentence,
        "reasons": [
            {
                "question": reason.question,
                "subject": reason.subject,
                "outcome": reason.outcome.value,
                "measured": reason.measured,
                "promised": reason.promised,
                "because": reason.because,
            }
            for reason in decision.reasons
        ],
    }
    if override is not None and decision.outcome is not Outcome.PASS:
        shown["overridden"] = override.to_json()
    return shown


def may_ship(decision: Decision, override: Override | None) -> bool:
    """Return whether a change may ship: by the gate, or in spite of it."""
    return decision.outcome is Outcome.PASS or override is not None


def code(decision: Decision, override: Override | None) -> ExitCode:
    """Return what the command exits with."""
    shipped = may_ship(decision, override)
    return ExitCode.PASS if shipped else _CODES[decision.outcome]
