"""Which of the stored runs a gate asks, and what they say together."""

from dataclasses import replace

import pytest

from gameday.coverage.past import Past
from gameday.gate.newest_runs import newest_of_each_scenario
from gameday.model.verdict import Ending, Outcome
from tests.unit.coverage.register_of import past

FAIL, PASS, OPEN = Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE


def run(
    number: int,
    outcome: Outcome,
    commit: str = "",
    repeat: str = "",
    ending: Ending = Ending.FINISHED,
) -> Past:
    """Return a run that came to an outcome, later with a higher number."""
    made = past(run=f"r{number}", later=float(number))
    findings = tuple(
        replace(finding, outcome=outcome) for finding in made.verdict.findings
    )
    provenance = {"git": commit, **({"repeat": repeat} if repeat else {})}
    verdict = replace(
        made.verdict, findings=findings, provenance=provenance, ending=ending
    )
    return replace(made, verdict=verdict)


def asked(*runs: Past) -> tuple[str, Outcome, Outcome | None]:
    """Return which run is asked, its outcome, and that of the one before."""
    (newest,) = newest_of_each_scenario(list(reversed(runs)))
    return newest.run, newest.outcome, newest.before


def test_the_newest_is_compared_with_the_one_before() -> None:
    assert asked(run(1, PASS), run(2, FAIL)) == ("r2", FAIL, PASS)
    assert asked(run(1, FAIL), run(2, PASS)) == ("r2", PASS, FAIL)


def test_a_failure_that_was_tried_again_is_the_same_failure() -> None:
    """Whoever repeats a red build must not open the gate with that."""
    runs = [run(1, PASS, "a"), run(2, FAIL, "b"), run(3, FAIL, "b")]
    assert asked(*runs) == ("r3", FAIL, PASS)
    assert asked(*runs[1:]) == ("r3", FAIL, None)
    assert asked(run(1, FAIL, "a"), *runs[1:]) == ("r3", FAIL, FAIL)


def test_runs_of_no_known_commit_stand_alone() -> None:
    assert asked(run(1, PASS), run(2, FAIL), run(3, FAIL)) == ("r3", FAIL, FAIL)


def test_repeats_are_one_answer_the_worst_of_them() -> None:
    repeats = [run(2, PASS, "b", "1/3"), run(3, FAIL, "b", "2/3")]
    before = run(1, PASS, "a", "3/3")
    assert asked(before, *repeats, run(4, PASS, "b", "3/3")) == ("r3", FAIL, PASS)
    assert asked(before, *repeats, run(4, OPEN, "b", "3/3")) == ("r3", FAIL, PASS)


def test_a_failed_build_that_passes_when_it_is_repeated_passes() -> None:
    again = [run(number, PASS, "b", f"{number - 2}/2") for number in (3, 4)]
    assert asked(run(1, FAIL, "b", "1/2"), run(2, PASS, "b", "2/2"), *again)[:2] == (
        "r4",
        PASS,
    )


@pytest.mark.parametrize(
    "ending", [ending for ending in Ending if ending != "finished"]
)
def test_a_newest_run_that_did_not_finish_is_no_pass(ending: Ending) -> None:
    assert asked(run(1, PASS), run(2, PASS, ending=ending)) == ("r2", OPEN, PASS)
    assert asked(run(1, PASS), run(2, FAIL, ending=ending)) == ("r2", FAIL, PASS)


def test_what_did_not_finish_is_not_compared_with() -> None:
    runs = [run(1, PASS), run(2, FAIL, ending=Ending.GUARDRAIL), run(3, FAIL)]
    assert asked(*runs) == ("r3", FAIL, PASS)
