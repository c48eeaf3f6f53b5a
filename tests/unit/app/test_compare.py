"""`baseline set` and `compare` on stored runs, as they are called."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gameday.cli import main as command_line
from gameday.model.plan import Plan
from gameday.plans.timing import timings
from gameday.store.plans import to_json
from tests.builders import alert, at, fault, plan, promise, rule, step, timeline
from tests.unit.reports.reading import parse_xml, properties_of

ALERT = "WebReplicaDown"
Called = Callable[..., tuple[int, str]]


def planned(hold: float, commit: str, path: str) -> Plan:
    """Return the plan of a run under a rule with that `for`."""
    asked = step(alerts=(promise(ALERT, fires_within=40.0),), hypothesis=False)
    made = plan(asked, rules=(rule(ALERT, hold=hold, interval=1.0),))
    scenario = replace(made.scenario, path=path)
    made = replace(made, scenario=scenario, provenance={"git": commit})
    return replace(made, timings=timings(scenario, made.monitoring))


@pytest.fixture
def called(own_folder: Path, capsys: pytest.CaptureFixture[str]) -> Called:
    for words in (
        ("init", "-q", "-b", "main"),
        (
            *("-c", "user.name=a", "-c", "user.email=a@b"),
            *("commit", "-q", "--allow-empty", "-m", "first"),
        ),
    ):
        subprocess.run(["git", *words], cwd=own_folder, check=True, timeout=30)

    def call(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            command_line.main(list(words))
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out + err

    return call


def head() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout.strip()


def run(
    name: str,
    fires: float,
    *,
    hold: float = 5.0,
    commit: str = "",
    earlier: float = 0.0,
    scenario: str = "",
    ended: bool = True,
) -> str:
    """Store a run in which the alert fired that many seconds after the fault.

    `earlier`: by how much it began earlier than others. `scenario`: its file's digest.
    """
    folder = Path(name)
    folder.mkdir()
    made = planned(hold, commit or head(), str(Path("day.yaml").absolute()))
    made = replace(made, provenance={**made.provenance, "scenario": scenario})
    (folder / "plan.json").write_text(to_json(made))
    began = at(10)
    story = timeline(
        fault("web-2", begins=began, ends=at(70)),
        alert(ALERT, pends=began + 1, fires=began + fires, resolves=at(80)),
        **({} if ended else {"ended": None}),
    )
    events = [
        entry.but(run=name) if entry.kind.startswith("run_") else entry
        for entry in story
    ]
    events[0] = replace(events[0], at=events[0].at - earlier)
    lines = [json.dumps(event.to_json()) for event in events]
    (folder / "timeline.ndjson").write_text("\n".join(lines) + "\n")
    return name


def only_fires(text: str) -> dict[str, Any]:
    measures = json.loads(text)["measures"]
    (fires_within,) = [
        measure for measure in measures if measure["question"] == "fires_within"
    ]
    kept: dict[str, Any] = fires_within
    return kept


def test_a_run_is_compared_with_the_baseline_that_was_set(called: Called) -> None:
    code, said = called("baseline", "set", run("first", 7.0))
    assert (code, said) == (0, "gameday-baseline.json: 1 measures\n"), said
    code, said = called("compare", run("second", 7.4), "-o", "json")
    compared = only_fires(said)
    assert (code, compared["status"]) == (0, "same")
    assert (compared["before"], compared["now"]) == (7.0, 7.4)


def test_a_longer_for_fails_with_its_cause(called: Called) -> None:
    called("baseline", "set", run("first", 7.0))
    code, said = called("compare", run("second", 27.0, hold=25.0))
    assert code == 1
    assert said.startswith("WORSE")
    assert f"for of {ALERT} 5s → 25s" in said
    assert "+20s" in said


def test_what_has_no_baseline_is_inconclusive_unless_it_may_pass(
    called: Called,
) -> None:
    name = run("first", 7.0)
    assert called("compare", name)[0] == 3
    assert called("compare", name, "--no-baseline", "pass")[0] == 0


def test_a_run_that_failed_makes_no_baseline(called: Called) -> None:
    code, said = called("baseline", "set", run("late", 45.0))
    assert code == 2
    assert "did not pass" in said
    assert not Path("gameday-baseline.json").exists()


def test_a_run_of_another_branch_makes_one_only_where_that_is_accepted(
    called: Called,
) -> None:
    for words in (
        ("checkout", "-q", "-b", "change"),
        (
            *("-c", "user.name=a", "-c", "user.email=a@b"),
            *("commit", "-q", "--allow-empty", "-m", "second"),
        ),
    ):
        subprocess.run(["git", *words], check=True, timeout=30)
    name = run("first", 7.0)
    code, said = called("baseline", "set", name)
    assert code == 2
    assert "is not on main" in said or "is not on master" in said
    assert "--accept" in said
    assert called("baseline", "set", name, "--accept")[0] == 0


def test_a_baseline_can_be_that_of_a_commit_or_be_runs(called: Called) -> None:
    called("baseline", "set", run("first", 7.0))
    subprocess.run(["git", "add", "gameday-baseline.json"], check=True, timeout=30)
    commit = ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "b")
    subprocess.run(["git", *commit], check=True, timeout=30)
    Path("gameday-baseline.json").unlink()
    name = run("second", 7.4)
    assert called("compare", name, "--baseline-ref", "HEAD")[0] == 0
    assert called("compare", name, "--baseline-run", "first")[0] == 0
    code, said = called("compare", name, "--baseline-ref", "nonsense")
    assert code == 2
    assert "fetch" in said


def test_a_folder_of_runs_stands_for_all_of_them(called: Called) -> None:
    called("baseline", "set", run("first", 7.0))
    Path("out").mkdir()
    run("out/a", 7.2)
    run("out/b", 45.0)
    code, said = called("compare", "out", "-o", "json")
    assert (code, only_fires(said)["status"]) == (1, "broken")
    code, said = called("report", "out", "--format", "summary")
    assert code == 0
    assert said.startswith("## ❌ 2 game days")
    code, said = called("report", "out", "--format", "html")
    assert code == 2
    assert "of one run" in said


def test_a_stored_run_as_junit_has_its_values_where_that_is_asked(
    called: Called,
) -> None:
    name = run("first", 7.0)
    for words, known in (((), False), (("--junit-properties",), True)):
        code, text = called("report", name, "--format", "junit", *words)
        cases = list(parse_xml(text).iter("testcase"))
        assert code == 0
        assert any("promised" in properties_of(case) for case in cases) is known
    code, said = called("report", name, "--junit-properties")
    assert (code, "is for --format junit" in said) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--compare-fail", "fires:20%"), "no measured question"),
        (("--compare-fail", "fires_within:fast"), "no threshold"),
        (("--compare-fail", "spends_at_most:5s"), "expected a share of what was"),
        (("--compare-fail", "fires_within:20%,fires_within:5s"), "twice"),
        (("--compare-fail", "fires_within:20%,"), "no measured question"),
        (("--baseline-ref", ""), "--baseline-ref is empty"),
        (("--baseline-ref", "HEAD", "--baseline-run", "first"), "give one of them"),
        (("--ignore", "everything"), "no measured question"),
    ],
)
def test_what_is_misspelt_is_named(
    called: Called, words: tuple[str, ...], said: str
) -> None:
    code, told = called("compare", run("first", 7.0), *words)
    assert code == 2
    assert said in told


def test_another_schema_is_refused(called: Called) -> None:
    Path("gameday-baseline.json").write_text('{"schema": "gameday-baseline/v9"}')
    code, said = called("compare", run("first", 7.0))
    assert code == 2
    assert "gameday-baseline.json: has the schema" in said


def test_that_there_is_no_baseline_is_said_once(called: Called) -> None:
    code, said = called("compare", run("first", 7.0))
    assert code == 3
    lines = said.splitlines()
    assert lines[0].startswith("gameday-baseline.json: there is no baseline yet;")
    assert lines[1:] == ["1 no-baseline"]


# --- whose runs, and which ---------------------------------------------------------


def test_a_run_that_is_named_twice_counts_once(called: Called) -> None:
    """Else three copies of one run would be as sure as three runs."""
    called("baseline", "set", *(run(f"b{n}", 7 + n / 10) for n in range(10)))
    name = run("second", 12.0)
    shutil.copytree(name, "artifact/second")
    code, said = called("compare", name, name, "artifact")
    assert code == called("compare", name)[0]
    assert said == called("compare", name)[1]


def test_of_runs_that_stand_for_a_baseline_only_those_that_passed_do(
    called: Called,
) -> None:
    name = run("second", 7.4)
    stopped, late, good = (
        run("stopped", 7.0, ended=False),
        run("late", 45.0),
        run("a", 7),
    )
    code, said = called("compare", name, *_runs(stopped, late))
    assert code == 3
    assert "run late did not pass (fail, finished)" in said
    assert "--baseline-run stopped, late: no run of these passed" in said
    code, said = called("compare", name, *_runs(stopped, late, good))
    assert code == 0
    assert "run stopped did not pass (pass, crashed)" in said


def _runs(*names: str) -> list[str]:
    return [word for name in names for word in ("--baseline-run", name)]


def test_the_run_that_was_held_last_decides_however_they_are_listed(
    called: Called,
) -> None:
    new = run("new", 27.0, hold=25.0)
    called("baseline", "set", new, run("old", 7.0, earlier=3600.0))
    code, said = called("compare", run("next", 27.2, hold=25.0))
    assert code == 0, said
    assert "configured otherwise" not in said


def test_a_scenario_that_was_not_committed_makes_no_baseline(called: Called) -> None:
    Path("day.yaml").write_text("committed\n")
    subprocess.run(["git", "add", "day.yaml"], check=True, timeout=30)
    commit = ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "d")
    subprocess.run(["git", *commit], check=True, timeout=30)
    code, said = called("baseline", "set", run("edited", 7.0, scenario=_digest("mine")))
    assert code == 2
    assert "day.yaml was not as commit" in said
    held = run("committed", 7.0, scenario=_digest("committed\n"))
    assert called("baseline", "set", held)[0] == 0


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_what_the_message_about_a_conflict_says_can_be_done(called: Called) -> None:
    file = Path("gameday-baseline.json")
    called("baseline", "set", run("first", 7.0))
    whole = file.read_text()
    file.write_text(whole.replace(' "measures"', '<<<<<<< HEAD\n "measures"'))
    name = run("second", 7.4)
    for words in (("compare", name), ("baseline", "set", name)):
        code, said = called(*words)
        assert code == 2
        assert said.startswith("gameday-baseline.json:3: a merge conflict")
    file.unlink()
    assert called("baseline", "set", name)[0] == 0


def test_a_file_of_a_commit_is_read_though_its_folder_is_gone(called: Called) -> None:
    called("baseline", "set", run("first", 7.0))
    Path("ci").mkdir()
    Path("gameday-baseline.json").rename("ci/b.json")
    subprocess.run(["git", "add", "ci"], check=True, timeout=30)
    commit = ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "b")
    subprocess.run(["git", *commit], check=True, timeout=30)
    shutil.rmtree("ci")
    words = ("compare", run("second", 7.4), "--baseline-ref", "HEAD")
    assert called(*words, "--baseline", "ci/b.json")[0] == 0
    assert called(*words, "--baseline", "ci/c.json")[0] == 3


def test_an_empty_file_is_no_baseline(called: Called) -> None:
    Path("gameday-baseline.json").write_text("")
    code, said = called("compare", run("first", 7.0))
    assert code == 2
    assert said.startswith("gameday-baseline.json:1: is no baseline")
