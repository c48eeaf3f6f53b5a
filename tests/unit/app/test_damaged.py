"""A stored run whose record was cut oddly is inconclusive, and never a traceback."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gameday.app.judging import find, judge_stored
from gameday.errors import LacksField
from gameday.model.verdict import Outcome, Verdict
from tests.conftest import ROOT

RECORDED = ROOT / "demo" / "recorded" / "lost-replica"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


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
    assert any(one.outcome is Outcome.PASS for one in whole.findings)
    tried = 0
    for what, lines in cut(story()):
        tried += 1
        if what == "run_ended without ending":
            with pytest.raises(LacksField, match="has no 'ending'"):
                judged(lines)
            continue
        verdict = judged(lines)
        same = [one.outcome for one in verdict.findings] == [
            one.outcome for one in whole.findings
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
