"""Verdict: findings, each with an outcome; the worst wins."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import IntEnum, StrEnum
from typing import Any

from gameday.frozen import frozen


class Outcome(StrEnum):
    """What was proven: never mixed with how the run ended."""

    PASS = "pass"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


class Ending(StrEnum):
    """How a run ended: never mixed with what it proved."""

    FINISHED = "finished"
    GUARDRAIL = "guardrail"
    OPERATOR = "operator"
    CRASHED = "crashed"
    REFUSED = "refused"


class ExitCode(IntEnum):
    """What the process says to its caller."""

    PASS = 0  #: every promise was kept
    FAIL = 1  #: a promise was broken, or cannot be kept
    USAGE = 2  #: usage, an invalid file, or a refusal
    INCONCLUSIVE = 3  #: something could not be observed
    GUARDRAIL = 4  #: stopped by a guardrail, everything undone
    BROKEN = 5  #: something is still broken: an undo did not succeed
    INTERRUPTED = 130  #: stopped by a person or a signal, everything undone


REPEAT = "repeat"  # in a provenance: the how many-th of how many runs, such as 2/3
_WORST_CODES = (5, 130, 4, 2, 1, 3, 0)


def worst_code(codes: Iterable[int]) -> ExitCode:
    """Return the worst of several exit codes, in the order of their severity."""
    return ExitCode(min(codes, key=_WORST_CODES.index, default=0))


@frozen
class Finding:
    """One answered question. `measured` None: nothing was measured.

    `error` is the measurement's uncertainty, in `unit` (s or ratio).
    """

    step: str
    check: str
    subject: str
    question: str
    outcome: Outcome
    because: str
    measured: float | None = None
    error: float | None = None
    promised: float | None = None
    unit: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst outcome: fail, then inconclusive, then pass."""
    order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)
    return min(outcomes, key=order.index, default=Outcome.INCONCLUSIVE)


@frozen
class Verdict:
    """What a run proved, and how it ended. Times in seconds since the epoch."""

    run: str
    scenario: str
    started: float
    ended: float
    ending: Ending
    findings: tuple[Finding, ...]
    because: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[str, ...] = ()  # what is still broken, and what to do by hand

    @property
    def outcome(self) -> Outcome:
        """The worst finding."""
        return worst(finding.outcome for finding in self.findings)
