"""junit.xml: a CI server must never read an open question as a pass."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from gameday.model.verdict import Ending, Verdict
from gameday.reports import junit
from tests.unit.reports import example
from tests.unit.reports.reading import parse_xml, properties_of


def suites(verdict: Verdict) -> list[ET.Element]:
    root = parse_xml(junit.render(verdict))
    assert root.tag == "testsuites"
    return list(root)


def test_one_test_case_per_finding() -> None:
    (suite,) = suites(example.verdict())
    cases = suite.findall("testcase")
    assert suite.attrib["name"] == "lose-a-replica"
    assert suite.attrib["tests"] == str(len(example.findings())) == str(len(cases))
    assert cases[5].attrib == {
        "classname": "checkout-survives-a-lost-replica.lose-a-replica",
        "name": "alert fires_within WebReplicaDown",
        "time": "12.314",
    }


def test_a_fail_is_a_failure_with_its_reason() -> None:
    (suite,) = suites(example.wrong_receiver().verdict)
    failures = list(suite.iter("failure"))
    assert suite.attrib["failures"] == "3" == str(len(failures))
    assert "paged chat, but oncall was promised" in failures[0].attrib["message"]
    assert failures[0].attrib["type"] == "alert"


def test_an_inconclusive_finding_is_an_error_and_never_skipped() -> None:
    (suite,) = suites(example.inconclusive().verdict)
    (error,) = suite.iter("error")
    assert suite.attrib["errors"] == "1"
    assert "Prometheus did not answer" in error.attrib["message"]
    assert "promised: 90 s" in str(error.text)
    assert not list(suite.iter("skipped"))


def test_the_run_is_in_the_properties() -> None:
    (suite,) = suites(example.guardrail().verdict)
    properties = properties_of(suite)
    assert properties["run"] == "20260115-120000-k3x9"
    assert properties["ending"] == "guardrail"
    assert properties["outcome"] == "inconclusive"
    assert properties["provenance.git"] == "4f2c9d1"


def test_what_the_schema_wants_is_in_its_order() -> None:
    (suite,) = suites(example.verdict())
    tags = list(dict.fromkeys(element.tag for element in suite))
    assert tags == ["properties", "testcase", "system-out", "system-err"]
    assert suite.attrib["timestamp"] == "2026-01-15T12:00:00"


def test_what_is_broken_is_said_once() -> None:
    findings = (replace(example.findings()[0], step=""), *example.findings())
    run, step = suites(replace(example.broken().verdict, findings=findings))
    assert run.attrib["name"] == "run"
    assert "docker start shop-web-2" in str(run.findtext("system-err"))
    assert not step.findtext("system-err")


def test_a_run_without_findings_is_an_error() -> None:
    """A suite without cases would be green."""
    (suite,) = suites(replace(example.verdict(), findings=()))
    assert (suite.attrib["tests"], suite.attrib["errors"]) == ("1", "1")
    assert "Nothing was asked" in next(suite.iter("error")).attrib["message"]


@pytest.mark.parametrize(
    "ending", [ending for ending in Ending if ending != "finished"]
)
def test_a_run_that_did_not_finish_is_never_green(ending: Ending) -> None:
    verdict = replace(example.verdict(), ending=ending, because="Ctrl-C")
    run, step = suites(verdict)
    assert (run.attrib["name"], run.attrib["errors"]) == ("run", "1")
    assert "Ctrl-C" in next(run.iter("error")).attrib["message"]
    assert step.attrib["errors"] == "0"


def test_what_is_broken_is_a_failure_though_every_promise_was_kept() -> None:
    verdict = replace(example.verdict(), broken=("web-2: docker start shop-web-2",))
    run, _ = suites(verdict)
    assert run.attrib["failures"] == "1"
    assert "docker start" in str(run.findtext("system-err"))


def test_repeats_of_a_scenario_have_cases_of_their_own() -> None:
    """GitLab drops all but the first of several cases of one name."""
    bad = example.wrong_receiver().verdict
    root = parse_xml(junit.render(example.verdict(), bad, example.verdict()))
    names = [
        (case.attrib["classname"], case.attrib["name"])
        for case in root.iter("testcase")
    ]
    assert len(set(names)) == len(names)
    packages = [suite.attrib["package"] for suite in root]
    name = example.verdict().scenario
    assert packages == [name, f"{name} (2)", f"{name} (3)"]
