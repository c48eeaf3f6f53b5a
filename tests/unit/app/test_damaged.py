"""A stored run whose record was cut oddly is inconclusive, and never a traceback."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gameday.app.judge_run import find, judge_stored
from gameday.errors import GamedayError, LacksField
from gameday.model.verdict import Outcome, Verdict
from gameday.reports import html, junit, markdown, verdict_json
from gameday.store.history import Record
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("own_folder")

RECORDED = ROOT / "demo" / "recorded" / "lost-replica"


def story() -> list[dict[str, Any]]:
    """The lines of the repository's recorded run."""
    lines = (RECORDED / "timeline.ndjson").read_text().splitlines()
    return [json.loads(line) for line in lines]


def judged(lines: list[dict[str, Any]]) -> Verdict:
    place = Path("run")
    if not place.exists():
        place.mkdir()
        shutil.copy(RECORDED / "plan.json", place)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (place / "timeline.ndjson").write_text(text)
    return judge_stored(find("run")).verdict


def cut(lines: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the record without one field, for each field of each kind of event."""
    seen: set[tuple[str, str]] = set()
    for place, line in enumerate(lines):
        for name in line:
            if name in ("at", "kind") or (line["kind"], name) in seen:
                continue
            seen.add((line["kind"], name))
            rest = {key: value for key, value in line.items() if key != name}
            without = [*lines[:place], rest, *lines[place + 1 :]]
            yield f"{line['kind']} without {name}", without


def test_no_field_of_any_event_is_missed_with_a_traceback() -> None:
    whole = judged(story())
    assert any(finding.outcome is Outcome.PASS for finding in whole.findings)
    tried = 0
    for what, lines in cut(story()):
        tried += 1
        if what == "run_ended without ending":
            with pytest.raises(LacksField, match="has no 'ending'"):
                judged(lines)
            continue
        verdict = judged(lines)
        same = [finding.outcome for finding in verdict.findings] == [
            finding.outcome for finding in whole.findings
        ]
        # What every version wrote is missed; what an earlier one did not is not.
        assert same or verdict.outcome is Outcome.INCONCLUSIVE, what
    assert tried > 50


def test_a_run_that_does_not_say_why_it_ended_is_judged() -> None:
    lines = story()
    del lines[-1]["because"]
    assert judged(lines).findings == judged(story()).findings


def test_what_an_earlier_version_did_not_write_is_no_damage() -> None:
    spare = ("p50", "p99", "by_hand", "arguments", "duration", "starts")
    lines = [
        {key: value for key, value in line.items() if key not in spare}
        for line in story()
    ]
    outcomes = [finding.outcome for finding in judged(lines).findings]
    assert outcomes == [finding.outcome for finding in judged(story()).findings]


def test_an_event_that_does_not_say_what_it_is_about_is_damage() -> None:
    lines = story()
    (ended,) = [line for line in lines if line["kind"] == "fault_ended"]
    del ended["step"]
    verdict = judged(lines)
    assert {finding.outcome for finding in verdict.findings} == {Outcome.INCONCLUSIVE}
    assert "an event fault_ended has no step" in verdict.findings[0].because


# --- a field that has no value that could be its own ---

# None of these is a value of any field that must have one.
UNFIT: tuple[Any, ...] = (None, [None], {"a": None}, [[1]], [{}])
ANYTHING: tuple[Any, ...] = (
    *UNFIT,
    *("", "x", "1", "nan", "2026-01-01T00:00:10.000Z"),
    *(0, -1, 10**400, 1e308, float("nan"), float("inf"), True, [], {}, ["x"]),
)


@pytest.mark.parametrize("value", [None, [None], {"a": None}], ids=str)
@pytest.mark.parametrize(
    ("kind", "name", "questions"),
    [
        ("alert_firing", "labels", ("fires_within", "stays_firing", "no_other_alerts")),
        ("page", "receiver", ("reaches", "pages_within")),
        ("fault_biting", "bites", ("bites",)),
        ("observed", "until", ("fires_within", "no_other_alerts")),
        ("hypothesis", "phase", ("during",)),
    ],
)
def test_a_field_without_a_value_is_like_one_that_is_lacking(
    kind: str, name: str, questions: tuple[str, ...], value: object
) -> None:
    lines, without = story(), story()
    for line, bare in zip(lines, without, strict=True):
        if line["kind"] == kind:
            line[name] = value
            del bare[name]
    findings, expected = judged(lines).findings, judged(without).findings
    assert findings == expected
    for finding in findings:
        if finding.question in questions:
            assert finding.outcome is Outcome.INCONCLUSIVE
            assert f"has no {name}" in finding.because.replace("'", "")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value inside, a few of every list's."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(min(len(value), 3)):
            yield from places(value[index], (*path, index))


def put(document: Any, path: tuple[Any, ...], value: object) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_record_however_damaged_ends_in_a_crash(data: st.DataObject) -> None:
    lines, planned = story(), json.loads((RECORDED / "plan.json").read_text())
    for _ in range(data.draw(st.integers(1, 3), "changes")):
        kind = data.draw(st.sampled_from(sorted({line["kind"] for line in lines})))
        line = data.draw(
            st.sampled_from([event for event in lines if event["kind"] == kind])
        )
        of_plan = data.draw(st.integers(0, 3)) == 0
        document = planned if of_plan else line
        ways = [way for way in places(document) if way != ("kind",)]
        value = json.loads(json.dumps(data.draw(st.sampled_from(ANYTHING))))
        put(document, data.draw(st.sampled_from(ways)), value)
    record = Record(
        run="r-1",
        plan=json.dumps(planned),
        lines=tuple(map(json.dumps, lines)),
        where="run",
    )
    try:
        stored = judge_stored(record)
    except GamedayError:  # one clear message
        return
    told = [finding.because for finding in stored.verdict.findings]
    assert not any("itself crashed" in because for because in told)
    verdict_json.render(stored.verdict)
    junit.render(stored.verdict)
    markdown.render(stored.plan, stored.timeline, stored.verdict)
    html.render(stored.plan, stored.timeline, stored.verdict)


@pytest.mark.parametrize("line", ["null", "[]", "3", '{"at": 3}', '{"kind": 7}'])
def test_a_line_that_is_no_event_is_refused_with_its_place(line: str) -> None:
    lines = [json.dumps(event) for event in story()]
    record = Record(
        run="r-1",
        plan=(RECORDED / "plan.json").read_text(),
        lines=(lines[0], line, *lines[1:]),
        where="run/timeline.ndjson",
    )
    with pytest.raises(
        GamedayError, match=r"timeline\.ndjson:2: not a timeline's line"
    ):
        judge_stored(record)
