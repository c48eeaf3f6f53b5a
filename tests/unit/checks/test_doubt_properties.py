"""What doubt does to answers, for every question and every kind of doubt.

In the stories of `tests.stories` every question has an answer. Doubt that the table
says can change an answer never leaves it standing; doubt that lies off the question's
chain, or after the moment that decided, changes nothing. Nor does the order of what
happened at once, or another clock.
"""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.checks.doubt import CHAINS, DoubtKind, Turns
from gameday.model.events import Event, Page
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome, Verdict
from tests.builders import END, judged
from tests.stories import (
    BADLY,
    DOUBTS,
    FLAPS,
    PLAN,
    SINCE,
    STAYS,
    WELL,
    WITHOUT_A_TIME,
)
from tests.story_bench import WEB, Base, bases

BASES = list(bases())  # every question, as it passes and as it fails
# What each of these questions is decided by lies in a time, as its doubt does.
TIMED = (
    *(
        DoubtKind.PROMETHEUS_BLIND,
        DoubtKind.RULE_FAILED,
        DoubtKind.RULE_CHANGED,
        DoubtKind.RESTARTED,
    ),
    *(
        DoubtKind.ALERTMANAGER_BLIND,
        DoubtKind.PAGER_BLIND,
        DoubtKind.PAGES_LOST,
        DoubtKind.TARGET_LOST,
    ),
    *(DoubtKind.TARGET_BLIND, DoubtKind.METRIC_UNSEEN, DoubtKind.CLUSTER_BLIND),
)


def asked(base: Base, story: Timeline) -> Finding:
    verdict = judged(base.plan, story)
    workload = base.chain.endswith("workload")
    (asked_finding,) = [
        finding
        for finding in verdict.findings
        if finding.question == base.question
        and (not workload or finding.subject == WEB)
    ]
    return asked_finding


@pytest.mark.parametrize(
    "base", [pytest.param(base, id=f"{base.chain}, {base.outcome}") for base in BASES]
)
def test_the_stories_have_the_answers(base: Base) -> None:
    finding = asked(base, base.story)
    assert finding.outcome == base.outcome, finding.because
    assert base.decided <= END


def test_every_chain_has_a_story_that_passes_and_one_that_fails() -> None:
    told = {(base.chain, base.outcome) for base in BASES}
    never = {("agrees_with_load", Outcome.FAIL)}  # it passes, or leaves it open
    chains = [name for name, chain in CHAINS.items() if chain.kinds()]
    both = {(name, way) for name in chains for way in (Outcome.PASS, Outcome.FAIL)}
    assert told == both - never


def test_every_kind_of_doubt_can_be_put_into_a_story() -> None:
    assert set(DOUBTS) == set(DoubtKind)


def cases(*, on_chain: bool) -> list[Any]:
    return [
        pytest.param(base, kind, id=f"{base.chain}, {base.outcome}: {kind.name}")
        for base in BASES
        for kind in DoubtKind
        if (kind in CHAINS[base.chain].kinds()) is on_chain
    ]


@pytest.mark.parametrize(("base", "kind"), cases(on_chain=True))
def test_doubt_that_may_change_an_answer_never_leaves_it_standing(
    base: Base, kind: DoubtKind
) -> None:
    when = base.decided
    if kind is DoubtKind.REPLACED:
        when = min(when, 50.0)  # while it holds
    finding = asked(base, DOUBTS[kind](base.story, when))
    chain = CHAINS[base.chain]
    unlasting = chain.turns[kind] & Turns.BROKEN and base.outcome is Outcome.PASS
    if chain.may_change(kind, base.outcome) or unlasting:
        assert finding.outcome is Outcome.INCONCLUSIVE, finding.because
    elif kind is not DoubtKind.RECORD_ENDS:  # which takes away what decides as well
        assert finding.outcome is base.outcome, finding.because


def started_by(base: Base) -> float:
    """Return when the time begins of which doubt concerns a question."""
    if base.chain.startswith("recovers_within of"):
        return 55.0
    return SINCE.get(base.question, 10.0)


@settings(max_examples=6, deadline=None)
@given(share=st.floats(0.05, 1.0))
@pytest.mark.parametrize(
    ("base", "kind"), [case for case in cases(on_chain=True) if case.values[1] in TIMED]
)
def test_whenever_it_was(base: Base, kind: DoubtKind, share: float) -> None:
    """Any time between the question's beginning and its decision will do."""
    since = started_by(base)
    when = since + 1.5 + share * max(0.0, base.decided - since - 1.5)
    if CHAINS[base.chain].may_change(kind, base.outcome):
        finding = asked(base, DOUBTS[kind](base.story, min(when, base.decided)))
        assert finding.outcome is Outcome.INCONCLUSIVE, finding.because


@pytest.mark.parametrize(("base", "kind"), cases(on_chain=False))
def test_doubt_off_the_chain_changes_nothing(base: Base, kind: DoubtKind) -> None:
    if kind in (DoubtKind.RECORD_ENDS, DoubtKind.PROBES_MISSING):
        return  # it takes away what other answers rest on as well
    if kind is DoubtKind.LOAD_SHORT and base.question in (
        "fails_at_most",
        "p99_within",
    ):
        return  # these say themselves what requests that were not sent may change
    before = asked(base, base.story)
    finding = asked(base, DOUBTS[kind](base.story, min(base.decided, END - 1)))
    assert (finding.outcome, finding.measured) == (before.outcome, before.measured)


@pytest.mark.parametrize(
    ("base", "kind"),
    [case for case in cases(on_chain=True) if case.values[0].decided < END - 5],
)
def test_doubt_after_the_decision_changes_nothing(base: Base, kind: DoubtKind) -> None:
    if (kind, base.question) == (DoubtKind.REPLACED, "heals_within"):
        return  # whoever is replaced is up again, which is what is asked
    if kind in WITHOUT_A_TIME or kind is DoubtKind.RECORD_ENDS:
        return  # a record that is cut off has no account of what was watched before
    before = asked(base, base.story)
    finding = asked(base, DOUBTS[kind](base.story, base.decided + 4))
    if base.chain == "recovers_within":
        return  # its samples are read up to the step's end
    assert (finding.outcome, finding.measured) == (before.outcome, before.measured), (
        finding.because
    )


@pytest.mark.parametrize(
    ("base", "kind"),
    [
        case
        for case in cases(on_chain=True)
        if case.values[0].outcome is Outcome.PASS
        and CHAINS[case.values[0].chain].turns[case.values[1]] & Turns.EARLIER
    ],
)
def test_what_may_have_been_earlier_says_by_how_much(
    base: Base, kind: DoubtKind
) -> None:
    """It did happen in time; the error holds all that nobody saw before it."""
    before = asked(base, base.story)
    when = base.decided
    if base.question == "heals_within":
        when = 10.0 + (before.measured or 0.0)  # decided is the end of its time
    finding = asked(base, DOUBTS[kind](base.story, when))
    assert finding.outcome is Outcome.PASS, finding.because
    assert finding.measured == before.measured
    error, bound = finding.error or 0.0, finding.measured or 0.0
    assert (before.error or 0.0) < error <= bound


# --- order and clocks ---


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize("story", [WELL, BADLY, FLAPS, STAYS])
def test_the_order_of_what_happened_at_once_changes_nothing(
    story: Timeline, seed: int
) -> None:
    shuffled = [turned(entry, seed) for entry in story]
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    assert told(judged(PLAN, Timeline(shuffled))) == told(judged(PLAN, story))


def turned(entry: Event, seed: int) -> Event:
    """Return a page with its entries in another order."""
    if not isinstance(entry, Page):
        return entry
    entries = list(entry.alerts)
    random.Random(seed).shuffle(entries)  # noqa: S311 - no secret
    return entry.but(alerts=entries)


@settings(max_examples=10, deadline=None)
@given(seconds=st.integers(-100_000_000, 100_000_000))
@pytest.mark.parametrize("story", [WELL, BADLY, FLAPS, STAYS])
def test_all_clocks_shifted_together_change_nothing(
    story: Timeline, seconds: int
) -> None:
    moved = Timeline(shifted(entry, float(seconds)) for entry in story)
    assert told(judged(PLAN, moved)) == told(judged(PLAN, story))


STAMPS = ("since", "until", "starts", "ends", "last")


def shifted(entry: Event, seconds: float) -> Event:
    fields = {key: _moved(key, value, seconds) for key, value in entry.fields.items()}
    return entry.but(at=entry.at + seconds, **fields)


def _moved(key: str, value: Any, seconds: float) -> Any:
    if key == "alerts":
        return [
            {name: _moved(name, inner, seconds) for name, inner in entry.items()}
            for entry in value
        ]
    if key == "values":
        return [[when + seconds, count] for when, count in value]
    if key in STAMPS and value:  # zero and null are no times
        return round(value + seconds, 3)
    return value


def told(verdict: Verdict) -> list[tuple[object, ...]]:
    return [
        (
            finding.question,
            finding.subject,
            finding.outcome,
            finding.measured,
            finding.error,
        )
        for finding in verdict.findings
    ]
