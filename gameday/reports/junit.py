"""`junit.xml`: one test case per finding, one test suite per step.

An inconclusive finding is an `<error>`: a CI server must not read it as a pass. A run
that did not end well has a case of its own where no finding says so. GitLab takes the
first of several cases of one name and drops the others, so further runs of a scenario
are numbered. The document fits both the Ant schema (JUnit.xsd) and the Jenkins one:
hence the empty `system-out`, the `id` and `package`, and no attributes on `testsuites`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from xml.etree import ElementTree as ET

from gameday.model.quantity import show_instant
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.reports.headline import (
    StepFindings,
    by_step,
    ending_words,
    main_sentence,
)
from gameday.reports.wording import clean, plus_minus, promise

_RUN = "run"  # the suite of findings that belong to no step


def render(*verdicts: Verdict, properties: bool = False) -> str:
    """Return verdicts as JUnit XML; `time` is the measured time in seconds.

    `properties`: each case says what was promised and measured, which the strict
    schemas do not know and Jenkins, Datadog and Xray show.
    """
    root = ET.Element("testsuites")
    for verdict in _numbered(map(_with_ending, verdicts)):
        groups = by_step(verdict)
        for group in groups:
            suite = _suite(verdict, group, len(root), properties=properties)
            # Only the first suite: what is still broken is the run's, and said once.
            broken = "\n".join(verdict.broken) if group is groups[0] else ""
            ET.SubElement(suite, "system-err").text = clean(broken) or None
            root.append(suite)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _with_ending(verdict: Verdict) -> Verdict:
    """Return a verdict with a finding on its end, where the others are all kept."""
    if verdict.findings and verdict.outcome is not Outcome.PASS:
        return verdict
    well = verdict.ending is Ending.FINISHED and not verdict.broken
    if verdict.findings and well:
        return verdict
    ended = Finding(
        step="",
        check="run",
        subject=verdict.scenario,
        question="ends",
        outcome=Outcome.FAIL if verdict.broken else Outcome.INCONCLUSIVE,
        because=f"{ending_words(verdict)}: {main_sentence(verdict)}",
    )
    return replace(verdict, findings=(ended, *verdict.findings))


def _numbered(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """Yield verdicts, of which the second of a scenario is named `SCENARIO (2)`."""
    seen: Counter[str] = Counter()
    for verdict in verdicts:
        name = verdict.scenario
        seen[name] += 1
        number = f" ({seen[name]})" if seen[name] > 1 else ""
        yield replace(verdict, scenario=f"{name}{number}")


def _suite(
    verdict: Verdict, group: StepFindings, number: int, *, properties: bool
) -> ET.Element:
    outcomes = [finding.outcome for finding in group.findings]
    suite = ET.Element(
        "testsuite",
        {
            "id": str(number),
            "package": clean(verdict.scenario),
            "name": clean(group.name or _RUN),
            # The schema wants a time without a zone.
            "timestamp": show_instant(verdict.started)[:19],
            "hostname": "localhost",
            "tests": str(len(outcomes)),
            "failures": str(outcomes.count(Outcome.FAIL)),
            "errors": str(outcomes.count(Outcome.INCONCLUSIVE)),
            "skipped": "0",
            "time": f"{sum(_seconds_taken(finding) for finding in group.findings):.3f}",
        },
    )
    suite.append(_properties(verdict))
    for finding in group.findings:
        case = _case(verdict, group, finding)
        if properties:
            case.insert(0, _listed(_of_case(finding)))
        suite.append(case)
    ET.SubElement(suite, "system-out")
    return suite


def _properties(verdict: Verdict) -> ET.Element:
    given = {
        "run": verdict.run,
        "scenario": verdict.scenario,
        "ending": verdict.ending.value,
        "outcome": verdict.outcome.value,
        "because": verdict.because,
        **{f"provenance.{key}": value for key, value in verdict.provenance.items()},
    }
    return _listed(given)


def _of_case(finding: Finding) -> dict[str, object]:
    names = ("step", "promised", "measured", "error", "unit")
    given = {name: getattr(finding, name) for name in names}
    return {name: value for name, value in given.items() if value not in (None, "")}


def _listed(given: Mapping[str, object]) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in given.items():
        attributes = {"name": clean(name), "value": clean(str(value))}
        ET.SubElement(properties, "property", attributes)
    return properties


def _case(verdict: Verdict, group: StepFindings, finding: Finding) -> ET.Element:
    case = ET.Element(
        "testcase",
        {
            "classname": clean(f"{verdict.scenario}.{group.name or _RUN}"),
            "name": clean(f"{finding.check} {finding.question} {finding.subject}"),
            "time": f"{_seconds_taken(finding):.3f}",
        },
    )
    if finding.outcome is not Outcome.PASS:
        tag = "failure" if finding.outcome is Outcome.FAIL else "error"
        attributes = {"type": finding.check, "message": clean(finding.because)}
        trouble = ET.SubElement(case, tag, attributes)
        trouble.text = (
            f"{clean(finding.because)}\n"
            f"promised: {promise(finding.promised, finding.unit)}\n"
            f"measured: {plus_minus(finding)}\n"
        )
    return case


def _seconds_taken(finding: Finding) -> float:
    """Return what was measured where it is a time; a test case takes no less than 0."""
    measured = finding.measured if finding.unit == "s" else None
    return max(0.0, measured or 0.0)
