"""The table: for every question, which kind of doubt may change which answer.

A chain that leaves out a kind of doubt which lies on its links does not load; so a
new question, or a new kind of doubt, is thought through before it is asked. The same
table is in the documentation (Rules of judgement).

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

from gameday.checks.question import Question
from gameday.checks.record.doubt import Chain, Kind, Link, Turns
from gameday.model.scenario import Scenario

NOTHING, PASS, FAIL, BOTH = Turns.NOTHING, Turns.PASS, Turns.FAIL, Turns.BOTH
EARLIER = Turns.FAIL | Turns.EARLIER

_FAULT = {Kind.NOT_INJECTED: BOTH, Kind.NO_BITE: BOTH, Kind.REPLACED: BOTH}
_ALERT = (Link.FAULT, Link.BEFORE, Link.RECORD, Link.SCRAPE, Link.RULES)
_PAGE = (*_ALERT, Link.ALERTMANAGER, Link.PAGER)
_SLI = (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.SLI)

_FIRES = {
    **_FAULT,
    Kind.ALREADY: BOTH,
    Kind.TARGET_LOST: BOTH,
    Kind.PROMETHEUS_BLIND: EARLIER,
    Kind.RULE_FAILED: EARLIER,
    Kind.RULE_CHANGED: BOTH,
    Kind.RESTARTED: EARLIER,
    Kind.RECORD_ENDS: FAIL,
}
_ROUTED = {
    **_FIRES,
    Kind.PROMETHEUS_BLIND: FAIL,
    Kind.RULE_FAILED: FAIL,
    Kind.RESTARTED: FAIL,
    Kind.ALERTMANAGER_BLIND: FAIL,
    Kind.MUTED: BOTH,  # what is muted is routed all the same, but reaches nobody
}
_REACHES = {
    **_ROUTED,
    Kind.MUTED: FAIL,
    Kind.PAGER_BLIND: FAIL,
    Kind.PAGES_LOST: FAIL,
}
_RESETS = {
    **_FIRES,
    Kind.PROMETHEUS_BLIND: FAIL,
    Kind.RULE_FAILED: FAIL,
    Kind.RESTARTED: BOTH,
}

CHAINS: Mapping[str, Chain] = {
    "before": Chain((), {}),
    "bites": Chain((), {}),
    "undone": Chain((), {}),
    "during": Chain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.PROBER),
        {
            **_FAULT,
            Kind.TARGET_LOST: FAIL,
            Kind.PROBES_MISSING: PASS,
            Kind.RECORD_ENDS: PASS,
        },
    ),
    "after": Chain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.PROBER),
        {
            Kind.NOT_INJECTED: BOTH,
            Kind.NO_BITE: NOTHING,
            Kind.REPLACED: NOTHING,
            Kind.TARGET_LOST: FAIL,
            Kind.PROBES_MISSING: PASS,
            Kind.RECORD_ENDS: BOTH,
        },
    ),
    "fires_within": Chain(_ALERT, _FIRES),
    "stays_firing": Chain(
        _ALERT,
        {
            **_FIRES,
            Kind.PROMETHEUS_BLIND: PASS,
            Kind.RULE_FAILED: PASS,
            Kind.RESTARTED: BOTH,
            Kind.RECORD_ENDS: BOTH,
        },
    ),
    "reaches": Chain(_PAGE, _REACHES),
    "reaches by routing": Chain((*_ALERT, Link.ALERTMANAGER), _ROUTED),
    "pages_within": Chain(
        _PAGE,
        {**_REACHES, Kind.PAGER_BLIND: EARLIER, Kind.PAGES_LOST: EARLIER},
    ),
    "resets_within": Chain(_ALERT, _RESETS),
    "page_resolves_within": Chain(
        _PAGE, {**_REACHES, Kind.RESTARTED: BOTH, Kind.PAGES_LOST: BOTH}
    ),
    "no_other_alerts": Chain(
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
            Kind.TARGET_LOST: BOTH,
            Kind.PROMETHEUS_BLIND: PASS,
            Kind.RULE_FAILED: PASS,
            Kind.RULE_CHANGED: BOTH,
            Kind.RESTARTED: PASS,
            Kind.ALERTMANAGER_BLIND: PASS,
            Kind.MUTED: NOTHING,  # Prometheus tells of an alert that is muted
            Kind.PAGER_BLIND: PASS,
            Kind.PAGES_LOST: PASS,
            Kind.RECORD_ENDS: PASS,
        },
    ),
    "spends_at_most": Chain(
        (*_SLI, Link.LOAD),
        {
            **_FAULT,
            Kind.TARGET_LOST: BOTH,
            Kind.PROMETHEUS_BLIND: BOTH,
            Kind.LOAD_SHORT: BOTH,  # where the window's events are its rate x window
            Kind.RECORD_ENDS: PASS,
        },
    ),
    "agrees_with_load": Chain(
        (*_SLI, Link.LOAD),
        {
            **_FAULT,
            Kind.TARGET_LOST: BOTH,
            Kind.PROMETHEUS_BLIND: BOTH,
            Kind.LOAD_SHORT: BOTH,
            Kind.RECORD_ENDS: PASS,
        },
    ),
    "holds": Chain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.METRIC),
        {
            **_FAULT,
            Kind.TARGET_LOST: FAIL,
            Kind.METRIC_UNSEEN: PASS,
            Kind.RECORD_ENDS: BOTH,
        },
    ),
    "fails_at_most": Chain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE),
        {**_FAULT, Kind.TARGET_LOST: FAIL, Kind.RECORD_ENDS: PASS},
    ),
    "p99_within": Chain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE),
        {**_FAULT, Kind.TARGET_LOST: FAIL, Kind.RECORD_ENDS: PASS},
    ),
    "heals_within": Chain(
        (Link.FAULT, Link.RECORD, Link.TARGET),
        {
            **_FAULT,
            Kind.TARGET_BLIND: EARLIER | Turns.BROKEN,
            Kind.RECORD_ENDS: BOTH,
        },
    ),
    "recovers_within": Chain(
        _SLI,
        {
            **_FAULT,
            Kind.TARGET_LOST: BOTH,
            Kind.PROMETHEUS_BLIND: BOTH,
            Kind.RECORD_ENDS: FAIL,
        },
    ),
    "recovers_within by hypothesis": Chain(
        (Link.FAULT, Link.RECORD, Link.SCRAPE, Link.PROBER),
        {
            **_FAULT,
            Kind.TARGET_LOST: FAIL,
            Kind.PROBES_MISSING: BOTH,
            Kind.RECORD_ENDS: BOTH,
        },
    ),
    "recovers_within of a workload": Chain(
        (Link.FAULT, Link.RECORD, Link.CLUSTER),
        {**_FAULT, Kind.CLUSTER_BLIND: BOTH, Kind.RECORD_ENDS: FAIL},
    ),
}


def chain_of(scenario: Scenario, question: Question) -> Chain:
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
