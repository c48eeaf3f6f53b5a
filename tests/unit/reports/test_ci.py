"""What a CI server shows of runs: annotations, a summary, JUnit's properties."""

from collections import Counter
from dataclasses import replace

import pytest

from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.reports import annotations, digest, junit
from gameday.reports.digest import COMMENT, SUMMARY, DigestEntry
from tests.unit.reports import example
from tests.unit.reports.reading import parse_xml, properties_of


def test_a_broken_promise_is_an_error_at_its_line() -> None:
    run = example.wrong_receiver()
    lines = annotations.problems(run.plan, run.verdict)
    assert Counter(problem.severity for problem in lines) == {"error": 3}
    first = lines[0]
    assert first.path == run.plan.scenario.path
    promise = run.plan.scenario.steps[0].expect.alerts[0]
    assert first.line == (promise.line or run.plan.scenario.steps[0].line)
    assert "paged chat" in first.message


def test_a_question_without_an_answer_is_a_warning_after_the_errors() -> None:
    run = example.inconclusive()
    (problem,) = annotations.problems(run.plan, run.verdict)
    assert problem.severity == "warning"


def test_what_is_kept_is_not_told() -> None:
    assert annotations.problems(example.plan(), example.verdict()) == []


def test_a_guardrail_and_what_is_broken_come_first() -> None:
    run = example.guardrail()
    broken = replace(run.verdict, broken=("web-2: start it",))
    lines = annotations.problems(run.plan, broken)
    assert [problem.id for problem in lines[:2]] == ["run/broken", "run/guardrail"]
    assert {problem.severity for problem in lines[:2]} == {"error"}


def many(count: int, outcome: Outcome, text: str = "It was late.") -> Verdict:
    finding = Finding(
        step="s",
        check="alert",
        subject="A",
        question="fires_within",
        outcome=outcome,
        because=text,
        promised=30.0,
        measured=45.0,
        error=0.1,
        unit="s",
    )
    return replace(example.verdict(), findings=(finding,) * count)


def judged(verdict: Verdict, name: str) -> DigestEntry:
    return DigestEntry(scenario=name, verdict=replace(verdict, scenario=name))


@pytest.mark.parametrize(
    "ending", [ending for ending in Ending if ending != "finished"]
)
def test_a_run_that_did_not_finish_is_not_green(ending: Ending) -> None:
    stopped = replace(many(1, Outcome.PASS), ending=ending)
    page = digest.render(
        [judged(many(1, Outcome.PASS), "good"), judged(stopped, "stopped")], SUMMARY
    )
    assert page.startswith("## ❔ 2 game days")
    assert page.index("`stopped`") < page.index("`good`")


def test_the_worst_run_comes_first() -> None:
    page = digest.render(
        [
            judged(many(1, Outcome.PASS), "good"),
            judged(many(1, Outcome.INCONCLUSIVE), "unsure"),
            DigestEntry(scenario="none", error="no such shop"),
            judged(many(1, Outcome.FAIL), "bad"),
            judged(replace(many(1, Outcome.PASS), broken=("web-1",)), "broken"),
        ],
        SUMMARY,
    )
    names = ("broken", "none", "bad", "unsure", "good")
    places = [page.index(f"`{name}`") for name in names]
    assert places == sorted(places)
    assert page.index("It was late") < page.index("<details>")
    assert page.startswith("## ❌ 5 game days")


@pytest.mark.parametrize("most", [SUMMARY, COMMENT])
@pytest.mark.parametrize("text", ["It was late.", "Zu spät: " + "ö" * 500])
def test_a_page_fits_and_says_what_is_left_out(most: int, text: str) -> None:
    runs = [judged(many(20_000, Outcome.FAIL, text), "bad")]
    page = digest.render(runs, most)
    assert most * 0.9 < len(page.encode()) < most
    assert page.rstrip().endswith("the runs' reports have them._")


def test_a_short_page_leaves_nothing_out() -> None:
    page = digest.render([judged(many(3, Outcome.FAIL), "bad")], COMMENT)
    assert "did not fit" not in page
    assert page.count("It was late") == 4  # once in the table


def test_a_text_from_outside_stays_text() -> None:
    hostile = "</details> | @everyone `x` <script>"
    page = digest.render([judged(many(1, Outcome.FAIL, hostile), "bad")], COMMENT)
    assert "<script>" not in page
    assert "@everyone" not in page


def test_junit_is_strict_without_the_wish_for_properties() -> None:
    root = parse_xml(junit.render(example.verdict()))
    assert not [case for case in root.iter("testcase") if case.find("properties")]


def test_junit_says_what_was_promised_and_measured_where_it_is_wished() -> None:
    root = parse_xml(junit.render(example.verdict(), properties=True))
    (case,) = [
        case
        for case in root.iter("testcase")
        if case.get("name") == "alert fires_within WebReplicaDown"
    ]
    assert properties_of(case) == {
        "step": "lose-a-replica",
        "promised": "30.0",
        "measured": "12.314",
        "error": "0.001",
        "unit": "s",
    }


def test_several_runs_are_one_document_with_ids_of_their_own() -> None:
    first, second = example.verdict(), replace(example.verdict(), scenario="other")
    root = parse_xml(junit.render(first, second))
    assert [suite.get("id") for suite in root] == ["0", "1"]
    assert [suite.get("package") for suite in root] == [first.scenario, "other"]
