"""The demo's recorded game day, replayed by a real Prometheus of each generation."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gameday.cli.evidence.replay import command
from gameday.errors import UsageError
from tests.conftest import ROOT

pytestmark = pytest.mark.alerting
RECORDED = ROOT / "demo" / "recorded" / "lost-replica"
RULES = (ROOT / "demo" / "rules.yaml").read_text()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "home"))


def replay(programs: dict[str, str], *words: str) -> tuple[int, dict[str, Any]]:
    given = [str(RECORDED), "--prometheus", programs["prometheus"], "-o", "json"]
    done = CliRunner().invoke(command, [*given, *words], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.return_value, json.loads(done.stdout)[0]


def outcome(replayed: dict[str, Any], question: str) -> str:
    return next(
        str(finding["outcome"])
        for finding in replayed["findings"]
        if finding["replayed"] and finding["question"] == question
    )


def test_unchanged_rules_ring_as_they_rang(programs: dict[str, str]) -> None:
    code, answer = replay(programs)
    assert code == 0
    assert answer["alerts"]
    assert [
        alert for alert in answer["alerts"] if alert["recorded"] != alert["replayed"]
    ] == []


def changed(tmp_path: Path, before: str, after: str) -> str:
    """Return a copy of the rules, changed only in how it says the same, or not."""
    assert before in RULES
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.replace(before, after))
    return str(path)


def test_an_expression_that_means_the_same_rings_at_the_same_millisecond(
    programs: dict[str, str], tmp_path: Path
) -> None:
    # `+ 0` makes another expression of it, which Prometheus has to evaluate.
    rules = changed(tmp_path, 'state="UP"}) == 0', 'state="UP"}) + 0 == 0')
    code, answer = replay(programs, "--rules", rules)
    assert code == 0
    assert [
        alert for alert in answer["alerts"] if alert["recorded"] != alert["replayed"]
    ] == []


def test_a_longer_for_is_found(programs: dict[str, str], tmp_path: Path) -> None:
    code, answer = replay(programs, "--rules", changed(tmp_path, "for: 3s", "for: 1m"))
    assert code == 1
    assert outcome(answer, "fires_within") == "fail"


def test_a_label_that_a_route_needs_is_missed(
    programs: dict[str, str], tmp_path: Path
) -> None:
    rules = changed(tmp_path, "severity: page}", "severity: pgae}")
    code, answer = replay(programs, "--rules", rules)
    assert code == 1
    assert outcome(answer, "fires_within") == "fail"


def test_a_selector_that_was_not_recorded_is_inconclusive(
    programs: dict[str, str], tmp_path: Path
) -> None:
    rules = changed(tmp_path, 'state="UP"}) == 0', 'state="UP"}) == 0 and on() x == 1')
    code, answer = replay(programs, "--rules", rules)
    assert code == 3
    assert outcome(answer, "fires_within") == "inconclusive"


def test_a_route_that_leads_elsewhere_is_found(
    programs: dict[str, str], tmp_path: Path
) -> None:
    text = (ROOT / "demo" / "alertmanager.yaml").read_text()
    path = tmp_path / "alertmanager.yaml"
    path.write_text(text.replace("'severity=\"page\"'", "'severity=\"pages\"'"))
    code, answer = replay(programs, "--alertmanager", str(path))
    assert code == 1
    assert outcome(answer, "fires_within") == "pass"
    assert outcome(answer, "reaches") == "fail"


def test_a_recording_becomes_a_unit_test_that_promtool_passes(
    programs: dict[str, str], tmp_path: Path
) -> None:
    promtool = Path(programs["prometheus"]).with_name("promtool")
    if not promtool.exists():
        pytest.skip("version: no promtool beside this Prometheus")
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    folder = tmp_path / "tests"
    words = ("--rules", str(rules), "--emit", "promtool", str(folder))
    assert replay(programs, *words)[0] == 0
    (made,) = folder.iterdir()
    command = [str(promtool), "test", "rules", str(made)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rules.write_text(RULES.replace("for: 3s", "for: 1m"))
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    rules.write_text(RULES)
    with pytest.raises(UsageError, match="is there already"):
        replay(programs, *words)
