"""Doubt: recorded reasons why an answer is not sure, and which answer each may change.

A question names its chain, the links between the fault and its answer. A doubt that
lies on another link changes nothing. `checks.gate` asks for doubt on every answer.

For every question the table (`CHAINS`) says which kind of doubt may change which
answer. A chain that leaves out a kind of doubt which lies on its links does not load;
so a new question, or a new kind of doubt, is thought through before it is asked. The
same table is in the documentation (Rules of judgement).

Why a cell is what it is, where it is not plain:

* What Prometheus did not tell, or did not evaluate, can only have happened earlier:
  an alert that was seen firing in time fired in time, and one that was seen resolved
  had resolved. The time that was measured is then an upper bound.
* A rule that was changed fires, breaks off and resolves for its own reasons.
* A restart forgets who was firing: a break, and an end, may be its doing.
* A page that arrived has arrived, whatever else went wrong before it.
* What must hold all through a time (nothing else rang, the hypothesis, stays firing)
  may be broken unseen, but a break that was seen is one.
* What came back has to stay back until its time is over: what nobody saw after that
  may have broken it again.
* A hypothesis that holds in spite of a lost target holds.
"""

from collections.abc import Mapping
from enum import Flag, StrEnum, auto

from gameday.checks.question import Question
from gameday.frozen import frozen
from gameday.model.scenario import Scenario
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


@frozen
class Doubt:
    """One recorded reason; `since`: from when on something may have been missed."""

    kind: DoubtKind
    because: str
    since: float | None = None


@frozen(kw_only=False)
class DoubtSpan:
    """The time in which a doubt may change an answer, both ends included."""

    start: float
    end: float


@frozen(kw_only=False)
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


NOTHING, PASS, FAIL, BOTH = Turns.NOTHING, Turns.PASS, Turns.FAIL, Turns.BOTH
EARLIER = Turns.FAIL | Turns.EARLIER

_FAULT = {
    DoubtKind.NOT_INJECTED: BOTH,
    DoubtKind.NO_BITE: BOTH,
    DoubtKind.REPLACED: BOTH,
}
_ALERT = (Link.FAULT, Link.BEFORE, Link.RECORD, Link.SCRAPE, Link.RULES)
_PAGE = (*_ALERT, Link.ALERTMANAGER, Link.PAGER)
_SLI = (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.SLI)

_FIRES = {
    **_FAULT,
    DoubtKind.ALREADY: BOTH,
    DoubtKind.TARGET_LOST: BOTH,
    DoubtKind.PROMETHEUS_BLIND: EARLIER,
    DoubtKind.RULE_FAILED: EARLIER,
    DoubtKind.RULE_CHANGED: BOTH,
    DoubtKind.RESTARTED: EARLIER,
    DoubtKind.RECORD_ENDS: FAIL,
}
_ROUTED = {
    **_FIRES,
    DoubtKind.PROMETHEUS_BLIND: FAIL,
    DoubtKind.RULE_FAILED: FAIL,
    DoubtKind.RESTARTED: FAIL,
    DoubtKind.ALERTMANAGER_BLIND: FAIL,
    DoubtKind.MUTED: BOTH,  # what is muted is routed all the same, but reaches nobody
}
_REACHES = {
    **_ROUTED,
    DoubtKind.MUTED: FAIL,
    DoubtKind.PAGER_BLIND: FAIL,
    DoubtKind.PAGES_LOST: FAIL,
}
_RESETS = {
    **_FIRES,
    DoubtKind.PROMETHEUS_BLIND: FAIL,
    DoubtKind.RULE_FAILED: FAIL,
    DoubtKind.RESTARTED: BOTH,
}

CHAINS: Mapping[str, QuestionChain] = {
    "before": QuestionChain((), {}),
    "bites": QuestionChain((), {}),
    "undone": QuestionChain((), {}),
    "during": QuestionChain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.PROBER),
        {
            **_FAULT,
            DoubtKind.TARGET_LOST: FAIL,
            DoubtKind.PROBES_MISSING: PASS,
            DoubtKind.RECORD_ENDS: PASS,
        },
    ),
    "after": QuestionChain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.PROBER),
        {
            DoubtKind.NOT_INJECTED: BOTH,
            DoubtKind.NO_BITE: NOTHING,
            DoubtKind.REPLACED: NOTHING,
            DoubtKind.TARGET_LOST: FAIL,
            DoubtKind.PROBES_MISSING: PASS,
            DoubtKind.RECORD_ENDS: BOTH,
        },
    ),
    "fires_within": QuestionChain(_ALERT, _FIRES),
    "stays_firing": QuestionChain(
        _ALERT,
        {
            **_FIRES,
            DoubtKind.PROMETHEUS_BLIND: PASS,
            DoubtKind.RULE_FAILED: PASS,
            DoubtKind.RESTARTED: BOTH,
            DoubtKind.RECORD_ENDS: BOTH,
        },
    ),
    "reaches": QuestionChain(_PAGE, _REACHES),
    "reaches by routing": QuestionChain((*_ALERT, Link.ALERTMANAGER), _ROUTED),
    "pages_within": QuestionChain(
        _PAGE,
        {**_REACHES, DoubtKind.PAGER_BLIND: EARLIER, DoubtKind.PAGES_LOST: EARLIER},
    ),
    "resets_within": QuestionChain(_ALERT, _RESETS),
    "page_resolves_within": QuestionChain(
        _PAGE, {**_REACHES, DoubtKind.RESTARTED: BOTH, DoubtKind.PAGES_LOST: BOTH}
    ),
    "no_other_alerts": QuestionChain(
        (
            Link.FAULT,
            Link.RECORD,
            Link.SCRAPE,
            Link.RULES,
            Link.ALERTMANAGER,
            Link.PAGER,
        ),
        {
            **_FAULT,
            DoubtKind.TARGET_LOST: BOTH,
            DoubtKind.PROMETHEUS_BLIND: PASS,
            DoubtKind.RULE_FAILED: PASS,
            DoubtKind.RULE_CHANGED: BOTH,
            DoubtKind.RESTARTED: PASS,
            DoubtKind.ALERTMANAGER_BLIND: PASS,
            DoubtKind.MUTED: NOTHING,  # Prometheus tells of an alert that is muted
            DoubtKind.PAGER_BLIND: PASS,
            DoubtKind.PAGES_LOST: PASS,
            DoubtKind.RECORD_ENDS: PASS,
        },
    ),
    "spends_at_most": QuestionChain(
        (*_SLI, Link.LOAD),
        {
            **_FAULT,
            DoubtKind.TARGET_LOST: BOTH,
            DoubtKind.PROMETHEUS_BLIND: BOTH,
            # Where the window's events are its rate x window.
            DoubtKind.LOAD_SHORT: BOTH,
            DoubtKind.RECORD_ENDS: PASS,
        },
    ),
    "agrees_with_load": QuestionChain(
        (*_SLI, Link.LOAD),
        {
            **_FAULT,
            DoubtKind.TARGET_LOST: BOTH,
            DoubtKind.PROMETHEUS_BLIND: BOTH,
            DoubtKind.LOAD_SHORT: BOTH,
            DoubtKind.RECORD_ENDS: PASS,
        },
    ),
    "holds": QuestionChain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.METRIC),
        {
            **_FAULT,
            DoubtKind.TARGET_LOST: FAIL,
            DoubtKind.METRIC_UNSEEN: PASS,
            DoubtKind.RECORD_ENDS: BOTH,
        },
    ),
    "fails_at_most": QuestionChain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE),
        {**_FAULT, DoubtKind.TARGET_LOST: FAIL, DoubtKind.RECORD_ENDS: PASS},
    ),
    "p99_within": QuestionChain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE),
        {**_FAULT, DoubtKind.TARGET_LOST: FAIL, DoubtKind.RECORD_ENDS: PASS},
    ),
    "heals_within": QuestionChain(
        (Link.FAULT, Link.RECORD, Link.TARGET),
        {
            **_FAULT,
            DoubtKind.TARGET_BLIND: EARLIER | Turns.BROKEN,
            DoubtKind.RECORD_ENDS: BOTH,
        },
    ),
    "recovers_within": QuestionChain(
        _SLI,
        {
            **_FAULT,
            DoubtKind.TARGET_LOST: BOTH,
            DoubtKind.PROMETHEUS_BLIND: BOTH,
            DoubtKind.RECORD_ENDS: FAIL,
        },
    ),
    "recovers_within by hypothesis": QuestionChain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.PROBER),
        {
            **_FAULT,
            DoubtKind.TARGET_LOST: FAIL,
            DoubtKind.PROBES_MISSING: BOTH,
            DoubtKind.RECORD_ENDS: BOTH,
        },
    ),
    "recovers_within of a workload": QuestionChain(
        (Link.FAULT, Link.RECORD, Link.CLUSTER),
        {**_FAULT, DoubtKind.CLUSTER_BLIND: BOTH, DoubtKind.RECORD_ENDS: FAIL},
    ),
}


def chain_of(scenario: Scenario, question: Question) -> QuestionChain:
    """Return the chain that a question names in this scenario."""
    name = question.question
    if name == "reaches" and scenario.observe.pages is None:
        name = "reaches by routing"
    if name == "recovers_within" and question.workload:
        name = "recovers_within of a workload"
    elif name == "recovers_within" and not scenario.slos:
        name = "recovers_within by hypothesis"
    return CHAINS[name]


def _complete() -> None:
    for name, chain in CHAINS.items():
        left_out = [kind for kind in chain.kinds() if kind not in chain.turns]
        if left_out:
            raise LookupError(f"the chain of {name} says nothing of {left_out}")


_complete()
