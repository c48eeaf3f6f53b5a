"""What doubt does to answers, for every question and every kind of doubt.

In the stories of `tests.stories` every question has an answer. Doubt that the table
says can change an answer never leaves it standing; doubt that lies off the question's
chain, or after the moment that decided, changes nothing. Nor does the order of what
happened at once, or another clock.
"""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.checks.doubts.doubt_table import CHAINS
from gameday.checks.record.doubt import Kind
from gameday.model.plan import Plan
from gameday.model.timeline import Event, Timeline
from gameday.model.verdict import Finding, Outcome, Verdict
from tests.builders import END, answer, judged
from tests.stories import (
    ANSWERED,
    BADLY,
    DOUBTS,
    FAILS,
    FLAPS,
    PASSES,
    PLAN,
    SINCE,
    STAYS,
    WELL,
    WITHOUT_A_TIME,
)


def asked(story: Timeline, question: str, planned: Plan = PLAN) -> Finding:
    return answer(judged(planned, story), question)


@pytest.mark.parametrize(("question", "outcome", "story", "decided"), ANSWERED)
def test_the_stories_have_the_answers(
    question: str, outcome: str, story: Timeline, decided: float
) -> None:
    found = asked(story, question)
    assert found.outcome == outcome, found.because
    assert decided <= END


def test_every_kind_of_doubt_can_be_put_into_a_story() -> None:
    assert set(DOUBTS) == set(Kind)


def cases(*, on_chain: bool) -> list[Any]:
    return [
        pytest.param(*told, kind, id=f"{told[0]}, {told[1]}: {kind.name}")
        for told in ANSWERED
        for kind in Kind
        if (kind in CHAINS[told[0]].kinds()) is on_chain
    ]


@pytest.mark.parametrize(
    ("question", "outcome", "story", "decided", "kind"), cases(on_chain=True)
)
def test_doubt_that_may_change_an_answer_never_leaves_it_standing(
    question: str, outcome: str, story: Timeline, decided: float, kind: Kind
) -> None:
    chain = CHAINS[question]
    when = min(decided, 50.0) if kind is Kind.REPLACED else decided  # while it holds
    found = asked(DOUBTS[kind](story, when), question)
    if chain.turned(kind, Outcome(outcome)):
        assert found.outcome is Outcome.INCONCLUSIVE, found.because


@settings(max_examples=15, deadline=None)
@given(share=st.floats(0.05, 1.0))
@pytest.mark.parametrize("question", sorted(FAILS))
@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_whenever_it_was(question: str, outcome: str, share: float) -> None:
    """Any time between the question's beginning and its decision will do."""
    story, decided = (PASSES if outcome == "pass" else FAILS)[question]
    since = SINCE.get(question, 10.0)
    when = since + 1.5 + share * max(0.0, decided - since - 1.5)
    timed = (Kind.PROMETHEUS_BLIND, Kind.RULE_FAILED, Kind.RULE_CHANGED, Kind.RESTARTED)
    for kind in timed:
        chain = CHAINS[question]
        if kind in chain.turns and chain.turned(kind, Outcome(outcome)):
            found = asked(DOUBTS[kind](story, min(when, decided)), question)
            assert found.outcome is Outcome.INCONCLUSIVE, (kind, found.because)


@pytest.mark.parametrize(
    ("question", "outcome", "story", "decided", "kind"), cases(on_chain=False)
)
def test_doubt_off_the_chain_changes_nothing(
    question: str, outcome: str, story: Timeline, decided: float, kind: Kind
) -> None:
    if kind in (Kind.RECORD_ENDS, Kind.PROBES_MISSING):
        return  # it takes away what other answers rest on as well
    del outcome
    before = asked(story, question)
    found = asked(DOUBTS[kind](story, min(decided, END - 1)), question)
    assert (found.outcome, found.measured) == (before.outcome, before.measured)


@pytest.mark.parametrize(
    ("question", "outcome", "story", "decided", "kind"),
    [
        *(case for case in cases(on_chain=True) if case.values[3] < END - 5),
    ],
)
def test_doubt_after_the_decision_changes_nothing(
    question: str, outcome: str, story: Timeline, decided: float, kind: Kind
) -> None:
    if (kind, question) == (Kind.REPLACED, "heals_within"):
        return  # whoever is replaced is up again, which is what is asked
    if kind in WITHOUT_A_TIME or kind is Kind.RECORD_ENDS:
        return  # a record that is cut off has no account of what was watched before
    before = asked(story, question)
    found = asked(DOUBTS[kind](story, decided + 4), question)
    if question == "recovers_within":
        return  # its samples are read up to the step's end
    assert (found.outcome, found.measured) == (before.outcome, before.measured), (
        found.because
    )
    del outcome


# --- order and clocks ---


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize("story", [WELL, BADLY, FLAPS, STAYS])
def test_the_order_of_what_happened_at_once_changes_nothing(
    story: Timeline, seed: int
) -> None:
    shuffled = [turned(one, seed) for one in story]
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    assert told(judged(PLAN, Timeline(shuffled))) == told(judged(PLAN, story))


def turned(one: Event, seed: int) -> Event:
    """Return a page with its entries in another order."""
    if one.kind != "page":
        return one
    entries = list(one["alerts"])
    random.Random(seed).shuffle(entries)  # noqa: S311 - no secret
    return replace(one, fields={**one.fields, "alerts": entries})


@settings(max_examples=10, deadline=None)
@given(seconds=st.integers(-100_000_000, 100_000_000))
@pytest.mark.parametrize("story", [WELL, BADLY, FLAPS, STAYS])
def test_all_clocks_shifted_together_change_nothing(
    story: Timeline, seconds: int
) -> None:
    moved = Timeline(shifted(one, float(seconds)) for one in story)
    assert told(judged(PLAN, moved)) == told(judged(PLAN, story))


STAMPS = ("since", "until", "starts", "ends", "last")


def shifted(one: Event, seconds: float) -> Event:
    fields = {key: _moved(key, value, seconds) for key, value in one.fields.items()}
    return replace(one, at=round(one.at + seconds, 3), fields=fields)


def _moved(key: str, value: Any, seconds: float) -> Any:
    if key == "alerts":
        return [
            {name: _moved(name, each, seconds) for name, each in entry.items()}
            for entry in value
        ]
    if key == "values":
        return [[when + seconds, count] for when, count in value]
    if key in STAMPS and isinstance(value, int | float):
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
