"""The gate of doubt: what the table says is what happens to an answer."""

import pytest

from gameday.checks.doubt import CHAINS, KINDS, DoubtKind, Link, Turns
from gameday.checks.gate import COLLECTORS
from gameday.checks.judge import CHECKS
from gameday.model.events import event
from gameday.model.scenario import MetricPromise
from gameday.model.verdict import Outcome
from tests.builders import (
    alert,
    answer,
    at,
    blind,
    fault,
    judged,
    looks,
    plan,
    promise,
    rule,
    step,
    timeline,
    with_rules,
)

NAME = "WebReplicaDown"
PROMISED = step(alerts=(promise(NAME, fires_within=30.0, resets_within=60.0),))
PLAN = with_rules(plan(PROMISED), rule(NAME))


def test_every_question_names_its_chain() -> None:
    assert set(CHECKS) <= set(CHAINS)


@pytest.mark.parametrize("name", sorted(CHAINS))
def test_a_chain_says_of_each_kind_of_doubt_on_it_what_it_may_change(name: str) -> None:
    chain = CHAINS[name]
    assert set(chain.turns) == set(chain.kinds())


def test_every_link_has_its_kinds_and_somebody_who_reads_them() -> None:
    assert set(KINDS) == set(COLLECTORS) == set(Link)
    assert {kind for kinds in KINDS.values() for kind in kinds} == set(DoubtKind)


def test_no_doubt_turns_an_answer_only_where_none_was_looked_for() -> None:
    barring = (DoubtKind.NOT_INJECTED, DoubtKind.ALREADY)
    for name, chain in CHAINS.items():
        for kind in chain.kinds():
            if kind in barring:
                assert Turns.BOTH in chain.turns[kind], name


def test_what_was_missed_before_an_alert_fired_can_only_be_earlier() -> None:
    fired = alert(NAME, fires=at(22), resolves=at(60))
    story = timeline(fault(), fired, blind("prometheus", at(15), at(20)))
    finding = answer(judged(PLAN, story), "fires_within")
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 12.0)
    assert finding.error == 7.0  # it may have fired at 15 already
    assert "could not be seen" in finding.evidence["may_be_earlier"]


@pytest.mark.parametrize(
    ("unseen", "outcome"),
    [
        ((11, 13), Outcome.PASS),  # seen up at 14, whenever it came up
        ((20, 25), Outcome.INCONCLUSIVE),  # it may have gone down again
        ((35, 40), Outcome.PASS),  # its time was over at 30
    ],
)
def test_what_has_to_last_may_break_off_where_nobody_looks(
    unseen: tuple[float, float], outcome: Outcome
) -> None:
    planned = plan(step(heals_within=20.0))
    came_back = fault(by="self", ends=at(14))
    story = timeline(came_back, blind("target", *map(at, unseen)))
    assert answer(judged(planned, story), "heals_within").outcome is outcome


@pytest.mark.parametrize(
    ("unseen", "outcome"),
    [
        ((5, 9), Outcome.PASS),
        ((20, 25), Outcome.INCONCLUSIVE),
        ((80, 90), Outcome.PASS),
    ],
)
def test_nobody_looked_at_a_promised_metric(
    unseen: tuple[float, float], outcome: Outcome
) -> None:
    """It is the gate that asks; the time of `during` is the fault's."""
    metric = MetricPromise(promql="queue_depth < 10", holds="during")
    story = timeline(fault(), looks(metric.promql), blind("metrics", *map(at, unseen)))
    finding = answer(judged(plan(step(metrics=(metric,))), story), "holds")
    assert finding.outcome is outcome


@pytest.mark.parametrize("question", ["fires_within", "stays_firing", "resets_within"])
def test_a_rule_that_was_changed_answers_for_itself(question: str) -> None:
    fired = alert(NAME, fires=at(22), resolves=at(60))
    changed = event(
        at(20),
        "rule_failed",
        group="shop",
        alert=NAME,
        because="changed during the run",
        since=at(19),
    )
    finding = answer(judged(PLAN, timeline(fault(), fired, [changed])), question)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "changed during the run" in finding.because


def test_a_rule_that_nobody_loaded_fails_whatever_else_missed_an_evaluation() -> None:
    missed = event(at(25), "rule_failed", group="shop", alert="", because="missed")
    planned = with_rules(plan(PROMISED), rule("SomethingElse"))
    finding = answer(judged(planned, timeline(fault(), [missed])), "fires_within")
    assert finding.outcome is Outcome.FAIL
    assert "no rule of that name" in finding.because
