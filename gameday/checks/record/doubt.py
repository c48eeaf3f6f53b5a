"""Doubt: recorded reasons why an answer is not sure, and where each lies.

A question names its chain, the links between the fault and its answer. A doubt that
lies on another link changes nothing. `checks.doubts.doubt_table` says which doubt may
change which answer, `checks.doubts.gate` asks that of every answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, StrEnum, auto

from gameday.model.verdict import Outcome


class Link(StrEnum):
    """A part of the way from the fault to an answer."""

    FAULT = "fault"
    SCRAPE = "scrape"
    RULES = "rules"  # recording rules and the alert's own
    BEFORE = "before"  # how the alert was when the fault began
    ALERTMANAGER = "alertmanager"  # routes, silences, inhibition
    PAGER = "pager"
    SLI = "sli"
    LOAD = "load"
    PROBER = "prober"
    METRIC = "metric"  # the looks at a promised expression
    TARGET = "target"
    CLUSTER = "cluster"
    RECORD = "record"


class DoubtKind(StrEnum):
    """A kind of doubt; its text is what the documentation calls it."""

    NOT_INJECTED = "the fault was not injected"
    NO_BITE = "the fault did not bite, or ended early"
    REPLACED = "somebody replaced a victim"
    TARGET_LOST = "a healthy scrape target was lost"
    PROMETHEUS_BLIND = "Prometheus could not be seen"
    RULE_FAILED = "a rule failed or missed an evaluation"
    RULE_CHANGED = "a rule was changed, removed or reloaded"
    RESTARTED = "Prometheus was restarted"
    ALREADY = "the alert was pending, firing or silenced before"
    ALERTMANAGER_BLIND = "Alertmanager could not be seen"
    MUTED = "a person, or an alert from before the fault, muted the alert"
    PAGER_BLIND = "the pager could not be seen"
    PAGES_LOST = "pages were refused or cut off"
    LOAD_SHORT = "the load did not keep its rate"
    PROBES_MISSING = "the hypothesis was not probed"
    METRIC_UNSEEN = "the promised expression was not looked at, or gave no answer"
    TARGET_BLIND = "the instances could not be seen"
    CLUSTER_BLIND = "the workloads could not be seen"
    RECORD_ENDS = "the record ends early"


KINDS: Mapping[Link, tuple[DoubtKind, ...]] = {
    Link.FAULT: (DoubtKind.NOT_INJECTED, DoubtKind.NO_BITE, DoubtKind.REPLACED),
    Link.SCRAPE: (DoubtKind.TARGET_LOST,),
    Link.RULES: (
        DoubtKind.PROMETHEUS_BLIND,
        DoubtKind.RULE_FAILED,
        DoubtKind.RULE_CHANGED,
        DoubtKind.RESTARTED,
    ),
    Link.BEFORE: (DoubtKind.ALREADY,),
    Link.ALERTMANAGER: (DoubtKind.ALERTMANAGER_BLIND, DoubtKind.MUTED),
    Link.PAGER: (DoubtKind.PAGER_BLIND, DoubtKind.PAGES_LOST),
    Link.SLI: (DoubtKind.PROMETHEUS_BLIND,),
    Link.LOAD: (DoubtKind.LOAD_SHORT,),
    Link.PROBER: (DoubtKind.PROBES_MISSING,),
    Link.METRIC: (DoubtKind.METRIC_UNSEEN,),
    Link.TARGET: (DoubtKind.TARGET_BLIND,),
    Link.CLUSTER: (DoubtKind.CLUSTER_BLIND,),
    Link.RECORD: (DoubtKind.RECORD_ENDS,),
}


class Turns(Flag):
    """Which answers a doubt may turn into another one.

    `EARLIER`: it turns no pass, but what was measured may have happened earlier.
    `BROKEN`: it turns a pass that had to last, where it hides what came after.
    """

    NOTHING = 0
    PASS = auto()
    FAIL = auto()
    EARLIER = auto()
    BROKEN = auto()
    BOTH = PASS | FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One recorded reason; `since`: from when on something may have been missed."""

    kind: DoubtKind
    because: str
    since: float | None = None


@dataclass(frozen=True, slots=True)
class DoubtSpan:
    """The time in which a doubt may change an answer, both ends included."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class QuestionChain:
    """One question's links, and what each kind of doubt on them turns."""

    links: tuple[Link, ...]
    turns: Mapping[DoubtKind, Turns]

    def may_change(self, kind: DoubtKind, outcome: Outcome) -> bool:
        """Return whether a doubt of this kind may change such an answer."""
        by_outcome = {Outcome.PASS: Turns.PASS, Outcome.FAIL: Turns.FAIL}
        side = by_outcome.get(outcome, Turns.NOTHING)
        return bool(self.turns[kind] & side)

    def kinds(self) -> tuple[DoubtKind, ...]:
        """Return every kind of doubt that lies on the chain, each once."""
        return tuple(dict.fromkeys(kind for link in self.links for kind in KINDS[link]))
