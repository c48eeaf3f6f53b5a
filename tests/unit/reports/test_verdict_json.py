"""verdict.json: exactly the contract's, the same bytes every time."""

import json
from dataclasses import replace

import pytest

from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.reports import verdict_json
from tests.unit.reports import example


def test_the_document_has_the_contracts_keys_in_its_order() -> None:
    document = json.loads(verdict_json.render(example.verdict()))
    assert list(document) == [
        *("run", "scenario", "started", "ended", "ending", "outcome"),
        *("provenance", "findings"),
    ]
    assert list(document["findings"][0]) == [
        *("step", "check", "subject", "question", "outcome", "measured", "error"),
        *("promised", "unit", "because", "evidence"),
    ]
    assert list(document["provenance"]) == ["gameday", "git", "rules", "routes"]


def test_times_are_utc_with_milliseconds_and_the_file_ends_with_a_newline() -> None:
    text = verdict_json.render(example.verdict(started=1767225600.0))
    assert '"started": "2026-01-01T00:00:00.000Z"' in text
    assert text.endswith("}\n")


@pytest.mark.parametrize("name", tuple(example.variants()))
def test_reading_and_writing_again_gives_the_same_bytes(name: str) -> None:
    text = verdict_json.render(example.variants()[name].verdict)
    assert verdict_json.render(verdict_json.parse(text)) == text


def test_parse_gives_the_verdict_back() -> None:
    verdict = example.broken().verdict
    assert verdict_json.parse(verdict_json.render(verdict)) == verdict


def test_what_is_broken_and_why_is_there_only_when_it_says_something() -> None:
    document = json.loads(verdict_json.render(example.broken().verdict))
    assert document["broken"] == [
        "web-2 is still stopped (process.stop): docker start shop-web-2"
    ]
    document = json.loads(verdict_json.render(example.guardrail().verdict))
    assert document["because"].startswith("The guardrail")


def _evidence(**evidence: object) -> str:
    finding = Finding(
        step="s",
        check="alert",
        subject="A",
        question="reaches",
        outcome=Outcome.PASS,
        because="b",
        evidence=evidence,
    )
    verdict = Verdict(
        run="r",
        scenario="s",
        started=0.0,
        ended=1.0,
        ending=Ending.FINISHED,
        findings=(finding,),
    )
    return verdict_json.render(verdict)


def test_the_order_of_labels_does_not_change_the_bytes() -> None:
    assert _evidence(labels={"a": 1, "b": 2}) == _evidence(labels={"b": 2, "a": 1})
    assert _evidence(names={"x", "y", "z"}) == _evidence(names={"z", "y", "x"})


def test_numbers_that_json_has_not_become_text() -> None:
    document = json.loads(_evidence(a=float("nan"), b=[float("inf"), 1.5]))
    assert document["findings"][0]["evidence"] == {"a": "nan", "b": ["inf", 1.5]}


def test_a_verdict_without_findings_is_inconclusive() -> None:
    text = verdict_json.render(replace(example.verdict(), findings=()))
    assert json.loads(text)["outcome"] == "inconclusive"


@pytest.mark.parametrize("text", ["{}", "[]", "null", "not json"])
def test_what_is_no_verdict_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        verdict_json.parse(text)
