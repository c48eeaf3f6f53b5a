"""The decision: what closes a gate, what leaves it open, what nobody can tell."""

from dataclasses import replace
from typing import Any

import pytest

from gameday.gate.decide import (
    Budget,
    BurnRate,
    Decision,
    GateEvidence,
    Measured,
    NewestRun,
    decide,
)
from gameday.gate.override import Override, code, document, from_json, in_force
from gameday.model.gate import GatePolicy, GateSlo
from gameday.model.verdict import Ending, Outcome
from tests.builders import rule
from tests.unit.coverage.register_of import DAY, NAME, defined, found, past

SLO = GateSlo(slo="checkout", budget_left=0.1, fast=14.4)
POLICY = GatePolicy(name="shop", slos=(SLO,))
CALM = (
    BurnRate(window=3600.0, rate=0.5, whole=True),
    BurnRate(window=300.0, rate=0.1, whole=True),
)
BUDGET = Budget(least=0.6, most=0.6, window=30 * DAY, counted=30 * DAY)
GOOD = replace(BUDGET, burns={"fast": CALM})
RUN = NewestRun(scenario="lost", run="r1", ending=Ending.FINISHED, outcome=Outcome.PASS)
SEEN = GateEvidence(budgets={"checkout": GOOD}, proof=found(past()), runs=[RUN])


def decided(policy: GatePolicy = POLICY, **seen: Any) -> Decision:
    return decide(policy, replace(SEEN, **seen), 5.0)


def outcome(decision: Decision, question: str) -> str:
    return next(
        reason.outcome.value
        for reason in decision.reasons
        if reason.question == question
    )


def burns(*rates: float | None, whole: bool = True) -> dict[str, Budget]:
    windows = (3600.0, 300.0)
    found_ = tuple(
        BurnRate(window=window, rate=rate, whole=whole)
        for window, rate in zip(windows, rates, strict=True)
    )
    return {"checkout": replace(BUDGET, burns={"fast": found_})}


def test_where_all_holds_a_change_may_ship() -> None:
    decision = decided()
    assert decision.outcome is Outcome.PASS
    assert {reason.question for reason in decision.reasons} == {
        *("no_fault_open", "budget_left", "burn_fast"),
        *("proof_fresh", "no_regression"),
    }


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (replace(GOOD, least=0.1, most=0.1), "pass"),
        (replace(GOOD, least=0.09, most=0.09), "fail"),
        (replace(GOOD, least=-2.0, most=-2.0), "fail"),
        (replace(GOOD, least=0.05, most=0.2), "inconclusive"),
        (replace(GOOD, whole=False, counted=DAY), "inconclusive"),
        (replace(GOOD, whole=False, least=0.0, most=0.0), "fail"),
        (Budget(unknown="Prometheus does not answer"), "inconclusive"),
    ],
)
def test_the_budget(budget: Budget, said: str) -> None:
    assert outcome(decided(budgets={"checkout": budget}), "budget_left") == said


@pytest.mark.parametrize(
    ("budgets", "said"),
    [
        (burns(20.0, 20.0), "fail"),
        (burns(20.0, 0.0), "pass"),  # it has stopped
        (burns(1.0, 20.0), "pass"),  # too short to matter
        (burns(14.4, 14.4), "pass"),
        (burns(None, 20.0), "inconclusive"),
        (burns(1.0, 1.0, whole=False), "inconclusive"),
        (burns(20.0, 20.0, whole=False), "fail"),
    ],
)
def test_the_burn_rate(budgets: dict[str, Budget], said: str) -> None:
    assert outcome(decided(budgets=budgets), "burn_fast") == said


def test_a_fault_that_is_open_closes_the_gate() -> None:
    decision = decided(open_faults=["process.stop on web-1"])
    assert decision.outcome is Outcome.FAIL
    assert "web-1" in decision.sentence
    assert decided(unreadable="the ledger is locked").outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        (found(past()), "pass"),
        (found(past(), rules=defined(rule(NAME), rule("Other"))), "pass"),
        (found(past(), after=40 * DAY), "fail"),
        (found(past(), rules=defined(rule(NAME, hold=9.0))), "fail"),
        (found(), "inconclusive"),
        (None, "inconclusive"),
    ],
)
def test_the_proof(proof: Any, said: str) -> None:
    assert outcome(decided(proof=proof), "proof_fresh") == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (Outcome.PASS, None, "pass"),
        (Outcome.PASS, Outcome.FAIL, "pass"),
        (Outcome.FAIL, Outcome.PASS, "fail"),
        (Outcome.FAIL, Outcome.FAIL, "pass"),
        (Outcome.FAIL, None, "inconclusive"),
        (Outcome.FAIL, Outcome.INCONCLUSIVE, "inconclusive"),
        (Outcome.INCONCLUSIVE, Outcome.PASS, "inconclusive"),
    ],
)
def test_a_regression(now: Outcome, before: Outcome | None, said: str) -> None:
    runs = [replace(RUN, outcome=now, before=before)]
    assert outcome(decided(runs=runs), "no_regression") == said


@pytest.mark.parametrize(
    "ending", [ending for ending in Ending if ending != "finished"]
)
def test_a_run_that_did_not_finish_is_never_as_it_was(ending: Ending) -> None:
    run = replace(RUN, outcome=Outcome.FAIL, ending=ending, because="5 % were spent")
    decision = decided(runs=[replace(run, before=Outcome.FAIL)])
    assert decision.outcome is Outcome.INCONCLUSIVE
    assert "5 % were spent" in decision.sentence
    assert decided(runs=[replace(run, before=Outcome.PASS)]).outcome is Outcome.FAIL


def test_a_record_that_cannot_be_read_may_be_the_newest() -> None:
    decision = decided(unread=["runs/b/verdict.json: not a verdict"])
    assert decision.outcome is Outcome.INCONCLUSIVE
    assert "runs/b/verdict.json" in decision.sentence
    ignoring = replace(POLICY, regressions=False)
    assert decided(ignoring, unread=["runs/b"]).outcome is Outcome.PASS


def test_without_evidence_it_is_inconclusive() -> None:
    decision = decide(POLICY, GateEvidence(budgets={}), 5.0)
    assert decision.outcome is not Outcome.PASS
    assert outcome(decided(runs=[]), "no_regression") == "inconclusive"


def test_what_a_policy_does_not_ask_is_not_looked_at() -> None:
    policy = GatePolicy(name="shop", max_age=None, regressions=False)
    decision = decided(policy, proof=None, runs=[])
    assert [reason.question for reason in decision.reasons] == ["no_fault_open"]


OVERRIDE = Override(gate="shop", by="ann", because="hotfix", at=10.0, until=20.0)


def test_an_override_opens_the_gate_and_leaves_the_outcome() -> None:
    decision = decided(open_faults=["x"])
    shown = document(decision, OVERRIDE)
    assert shown["outcome"] == "fail"
    assert shown["overridden"]["by"] == "ann"
    assert (code(decision, OVERRIDE), code(decision, None)) == (0, 1)
    assert "overridden" not in document(decided(), OVERRIDE)


@pytest.mark.parametrize(
    ("gate", "at", "holds"),
    [("shop", 10.0, True), ("shop", 20.0, False), ("other", 15.0, False)],
)
def test_an_override_holds_for_its_gate_and_time(
    gate: str, at: float, *, holds: bool
) -> None:
    kept = from_json(OVERRIDE.to_json())
    assert (in_force([kept], gate, at) == OVERRIDE) is holds


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("worse", "fail"),
        ("broken", "fail"),
        ("too-few", "inconclusive"),
        ("no-baseline", "inconclusive"),
        ("same", "pass"),
        ("better", "pass"),
    ],
)
def test_the_baseline_is_asked_for_regressions(status: str, said: str) -> None:
    measure = Measured(subject="lost s fires_within A", status=status, because="so")
    decision = decided(compared=[measure], baseline="b.json")
    assert decision.outcome.value == said
    ignoring = decided(
        replace(POLICY, regressions=False), compared=[measure], baseline="b.json"
    )
    assert ignoring.outcome is Outcome.PASS


def test_what_is_forgiven_of_a_comparison_passes() -> None:
    few = Measured(subject="x", status="too-few", because="1 against 3")
    decision = decided(compared=[few], baseline="b.json", forgiven=["too-few"])
    assert decision.outcome is Outcome.PASS
