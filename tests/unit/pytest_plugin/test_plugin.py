"""Game days as tests, held by a fake: what pytest collects, says and ends with."""

import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import gameday.pytest_plugin.reporter  # noqa: F401 - once for all tests here
from gameday.app.days.game_days import GameDayOptions, read_scenarios
from gameday.regressions.baseline import added, render
from gameday.regressions.measure import RunSample, observed
from tests.unit.pytest_plugin.fake import CALLS, held
from tests.unit.reports.reading import properties_of

ROOT = Path(__file__).resolve().parents[3]
EXPERIMENT = (ROOT / "experiments" / "stop-one-web.yaml").read_text()
DAY = """\
apiVersion: gameday/v1
kind: Scenario
metadata: {{name: {name}, labels: {{tier: "1", app.kubernetes.io/name: shop}}}}
target: {{docker: {{project: {project}}}}}
steps:
  - name: lose
    experiment: stop-one-web.yaml
    expect:
      alerts:
        - {{alert: WebReplicaDown, fires_within: 30s, reaches: oncall}}
"""
ASKED = ("fires_within", "reaches", "no_other_alerts", "bites", "undone", "drift")
LEAN = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio")
EVERY = 11  # one for the run, and one for each question of DAY

pytest_plugins = ["pytester"]


class Folder:
    """A folder with scenarios, and a conftest that says what came of them."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        pytester.path.joinpath("stop-one-web.yaml").write_text(EXPERIMENT)
        self.add("day", "shop")
        self.answer()

    def add(self, name: str, project: str) -> None:
        text = DAY.format(name=name, project=project)
        self.pytester.path.joinpath(f"{name}.yaml").write_text(text)

    def answer(self, arguments: str = "", before: str = "") -> None:
        """Have every game day end so; `arguments` of `fake.held`."""
        self.pytester.makeconftest(
            "from gameday.model.verdict import Finding, Outcome\n"
            "from tests.unit.pytest_plugin.fake import held\n"
            "def pytest_gameday_run(config, scenario, changes):\n"
            f"    {before or 'pass'}\n"
            f"    return held(scenario, changes, {arguments})\n"
        )

    def run(self, *words: str) -> pytest.RunResult:
        """Run pytest in this process; what it spawns finds the fake as well."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(ROOT))
            for name in [name for name in os.environ if "XDIST" in name]:
                patch.delenv(name)
            return self.pytester.runpytest_inprocess(*LEAN, *words)

    @property
    def calls(self) -> list[str]:
        path = self.pytester.path / CALLS
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """Import all that reading needs, once: pytester forgets what it sees imported.

    PyYAML's C half would go on with the classes of its first import.
    """
    read_scenarios([str(ROOT / "scenarios" / "lost-replica.yaml")], GameDayOptions())


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Folder:
    return Folder(pytester)


def test_without_the_switch_nothing_is_collected_or_imported(folder: Folder) -> None:
    folder.pytester.makeconftest(
        "import sys\n"
        "def pytest_sessionfinish():\n"
        "    ours = [name for name in sys.modules if name.startswith('gameday')]\n"
        "    print('gameday:', sorted(ours))\n"
    )
    done = folder.pytester.runpytest_subprocess("-s")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.stdout.fnmatch_lines(["*gameday: [[]'gameday', 'gameday.pytest_plugin'[]]*"])


def test_one_run_for_a_scenario_and_a_test_for_each_finding(folder: Folder) -> None:
    done = folder.run("--gameday", "-v")
    done.assert_outcomes(passed=EVERY)
    assert folder.calls == ["day.yaml {}"]
    for question in ASKED:
        done.stdout.fnmatch_lines([f"*{question}[[]*[]]*PASSED*"])
    done.stdout.fnmatch_lines(["Pass: day (*", "report: runs/day/report.html"])


def test_what_only_speaks_of_scenarios_is_no_test(folder: Folder) -> None:
    """A gate policy has the same apiVersion; a ConfigMap may hold a whole scenario."""
    inside = DAY.format(name="inside", project="shop").replace("\n", "\n    ")
    texts = {
        "gate.yaml": "apiVersion: gameday/v1\nkind: GatePolicy\n"
        "metadata: {name: shop}\n",
        "map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: days}\n"
        f"data:\n  day.yaml: |\n    {inside}\n",
    }
    for name, text in texts.items():
        folder.pytester.path.joinpath(name).write_text(text)
    done = folder.run("--gameday", "--collect-only", "-q")
    assert done.ret == 0
    done.stdout.fnmatch_lines([f"*{EVERY} tests collected*"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--gameday-baseline", "old.json"), "--gameday-baseline: *old.json*"),
        (("--wait-for-target", "soon"), "--wait-for-target: *soon*"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_held(
    folder: Folder, words: tuple[str, str], said: str
) -> None:
    folder.pytester.path.joinpath("old.json").write_text('{"version": 0}')
    done = folder.run("--gameday", *words)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: *{said}*"])
    assert folder.calls == []


def test_a_question_of_a_refused_run_is_not_left_out(folder: Folder) -> None:
    """With -k nobody else says that there was no answer."""
    folder.answer("{'fires_within': 'not asked'}, code=2, ending='refused'")
    done = folder.run("--gameday", "-k", "fires_within")
    assert done.ret == 1
    done.stdout.fnmatch_lines(["*refused: somebody stopped it*"])


def test_the_ini_file_is_a_switch_as_well(folder: Folder) -> None:
    folder.pytester.makeini("[pytest]\ngameday = true\n")
    folder.run().assert_outcomes(passed=EVERY)


def test_other_yaml_is_left_alone(folder: Folder) -> None:
    folder.pytester.path.joinpath("rules.yaml").write_text("groups: []\n")
    folder.pytester.path.joinpath("broken.yaml").write_text("a: [\n")
    folder.run("--gameday").assert_outcomes(passed=EVERY)


def test_an_invalid_scenario_is_an_error_with_its_line(folder: Folder) -> None:
    path = folder.pytester.path / "day.yaml"
    path.write_text(path.read_text().replace("30s", "30"))
    done = folder.run("--gameday")
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines(["*day.yaml:10: *fires_within*30*"])
    assert "Traceback" not in done.stdout.str()
    assert folder.calls == []


def test_a_broken_promise_fails_its_own_test_and_no_other(folder: Folder) -> None:
    folder.answer("{'fires_within': 'fail'}, code=1")
    done = folder.run("--gameday")
    done.assert_outcomes(passed=EVERY - 1, failed=1)
    done.stdout.fnmatch_lines(
        ["fires_within WebReplicaDown: the answer to *", "promised: 30 s"]
    )
    assert "Traceback" not in done.stdout.str()


def test_inconclusive_is_a_category_of_its_own_and_an_error(folder: Folder) -> None:
    folder.answer("{'fires_within': 'inconclusive'}, code=3")
    done = folder.run("--gameday", "--junitxml=x.xml")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(
        [
            "day.yaml *I*",
            "INCONCLUSIVE day.yaml::lose/fires_within[[]WebReplicaDown[]] - the*",
            f"*{EVERY - 1} passed, 1 inconclusive*",
        ]
    )
    (case,) = [
        case
        for case in ET.parse(folder.pytester.path / "x.xml").iter("testcase")  # noqa: S314
        if case.find("error") is not None
    ]
    assert "fires_within" in case.get("name", "")
    assert case.findtext("error") == "the answer to fires_within."


def test_a_game_day_that_cannot_be_held_is_told_without_a_traceback(
    folder: Folder,
) -> None:
    folder.answer(before="from gameday.errors import UsageError as E; raise E('no s')")
    done = folder.run("--gameday", "--junitxml=x.xml", "-k", "fires_within")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    (case,) = ET.parse(folder.pytester.path / "x.xml").iter("testcase")  # noqa: S314
    assert case.findtext("error") == "no s"
    done.stdout.no_fnmatch_line("*Traceback*")
    done.stdout.no_fnmatch_line("*excinfo*")


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("skip", 0, "1 skipped"),
        ("xfail", 0, "1 xfailed"),
        ("pass", 0, "1 inconclusive"),
        ("error", 1, "1 inconclusive"),
    ],
)
def test_what_an_inconclusive_test_is_can_be_chosen(
    folder: Folder, how: str, code: int, words: str
) -> None:
    folder.answer("{'reaches': 'inconclusive'}, code=3")
    done = folder.run("--gameday", f"--gameday-inconclusive={how}")
    assert done.ret == code
    done.stdout.fnmatch_lines([f"*{words}*"])


def test_what_is_skipped_is_the_scenarios(folder: Folder) -> None:
    folder.answer("{'reaches': 'inconclusive'}, code=3")
    done = folder.run("--gameday", "--gameday-inconclusive=skip", "-rs")
    done.stdout.fnmatch_lines(["SKIPPED*day.yaml:1: *"])


@pytest.mark.parametrize("ending", ["crashed", "refused"])
def test_a_run_that_did_not_end_well_is_never_let_pass(
    folder: Folder, ending: str
) -> None:
    folder.answer(f"{{q: 'inconclusive' for q in {ASKED}}}, code=3, ending='{ending}'")
    done = folder.run("--gameday", "--gameday-inconclusive=pass")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines([f"INCONCLUSIVE day.yaml::run - {ending}: *"])


def test_k_chooses_among_the_questions_of_one_run(folder: Folder) -> None:
    folder.run("--gameday", "-k", "reaches").assert_outcomes(
        passed=1, deselected=EVERY - 1
    )
    assert folder.calls == ["day.yaml {}"]


def test_what_is_deselected_is_not_run(folder: Folder) -> None:
    folder.run("--gameday", "-k", "nonsense").assert_outcomes(deselected=EVERY)
    assert folder.calls == []
    folder.run("--gameday", "--collect-only")
    assert folder.calls == []


@pytest.mark.parametrize(
    ("mark", "count"),
    [("tier_1", EVERY), ("app_kubernetes_io_name_shop", EVERY), ("tier_2", 0)],
)
def test_labels_are_marks(folder: Folder, mark: str, count: int) -> None:
    done = folder.run("--gameday", "-m", mark)
    done.assert_outcomes(passed=count, deselected=EVERY - count)


def test_marks_of_labels_are_known_ones(folder: Folder) -> None:
    done = folder.run("--gameday", "--strict-markers", "-W", "error")
    done.assert_outcomes(passed=EVERY)


def test_a_question_that_was_not_asked_after_all_is_skipped(folder: Folder) -> None:
    folder.answer("{'reaches': 'not asked'}")
    folder.run("--gameday").assert_outcomes(passed=EVERY - 1, skipped=1)


def test_a_finding_that_was_not_listed_fails_the_run(folder: Folder) -> None:
    more = (
        "Finding(step='lose', check='guardrail', subject='x', question='unlisted', "
        "outcome=Outcome.FAIL, because='nobody knew of it')"
    )
    folder.answer(f"more=[{more}], code=1")
    done = folder.run("--gameday")
    done.assert_outcomes(passed=EVERY - 1, failed=1)
    done.stdout.fnmatch_lines(["*unlisted x: nobody knew of it*"])


def test_findings_are_properties(folder: Folder) -> None:
    folder.run("--gameday", "--junitxml=x.xml", "-k", "fires_within")
    (case,) = ET.parse(folder.pytester.path / "x.xml").iter("testcase")  # noqa: S314
    assert properties_of(case) == {
        "step": "lose",
        "question": "fires_within",
        "subject": "WebReplicaDown",
        "outcome": "pass",
        "promised": "30.0",
        "measured": "12.5",
        "error": "0.002",
        "unit": "s",
        "gameday_report": "runs/day/report.html",
    }


@pytest.mark.parametrize(
    ("code", "ending", "words"),
    [
        (5, "finished", "something is still broken"),
        (130, "operator", "the game day was stopped"),
    ],
)
def test_nothing_follows_what_is_broken_or_was_stopped(
    folder: Folder, code: int, ending: str, words: str
) -> None:
    folder.add("next", "other")
    broken = "broken=['web-1: start it by hand']" if code == 5 else "broken=[]"
    folder.answer(f"code={code}, ending='{ending}', {broken}")
    done = folder.run("--gameday")
    assert done.ret == pytest.ExitCode.INTERRUPTED
    assert folder.calls == ["day.yaml {}"]
    done.stdout.fnmatch_lines([f"*{words} (exit code {code})*report: runs/day/*"])
    if code == 5:
        done.stdout.fnmatch_lines(["*start it by hand*"])


def test_a_guardrail_fails_the_run_and_others_follow(folder: Folder) -> None:
    folder.add("next", "other")
    folder.answer("code=4 if 'day.yaml' in scenario else 0, ending='guardrail'")
    done = folder.run("--gameday")
    assert len(folder.calls) == 2
    done.stdout.fnmatch_lines(["guardrail (exit code 4): *"])


def test_a_run_that_there_is_not_says_why_without_a_traceback(folder: Folder) -> None:
    folder.answer(
        before="from gameday.errors import Refused; raise Refused('no such shop')"
    )
    done = folder.run("--gameday")
    done.assert_outcomes(errors=EVERY)
    done.stdout.fnmatch_lines(["*no such shop*"])
    assert "Traceback" not in done.stdout.str()


def test_a_strict_filter_of_warnings_ends_no_game_day(folder: Folder) -> None:
    folder.answer(before="import warnings; warnings.warn('old', DeprecationWarning)")
    folder.run("--gameday", "-W", "error").assert_outcomes(passed=EVERY)


def baseline(folder: Folder, measured: float) -> None:
    """Keep what a run before measured; each of these takes 12.5 s."""
    game_day = held(str(folder.pytester.path / "day.yaml"), {})
    runs = [
        replace(
            observation,
            measure=replace(
                observation.measure, earliest=1.0, latest=2.0, samples=before
            ),
        )
        for observation in observed(game_day.plan, game_day.verdict)
        for before in [(RunSample(run="before", measured=measured),)]
    ]
    (folder.pytester.path / CALLS).unlink()
    text = render(added([], runs))
    (folder.pytester.path / "gameday-baseline.json").write_text(text)


def test_the_reasons_of_several_questions_are_told_apart(folder: Folder) -> None:
    more = ", ".join(
        f"Finding(step='lose', check='guardrail', subject='{subject}', "
        "question='unlisted', outcome=Outcome.INCONCLUSIVE, because='nobody looked')"
        for subject in "xy"
    )
    folder.answer(f"more=[{more}], code=3")
    done = folder.run("--gameday")
    said = "unlisted x: nobody looked; unlisted y: nobody looked"
    done.stdout.fnmatch_lines([f"INCONCLUSIVE *::run - {said}"])


@pytest.mark.parametrize(
    ("measured", "outcome"), [(12.4, "inconclusive"), (3.0, "failed")]
)
def test_a_baseline_is_a_test_more(
    folder: Folder, measured: float, outcome: str
) -> None:
    baseline(folder, measured)
    done = folder.run("--gameday", "--gameday-baseline", "gameday-baseline.json")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(
        [f"*1 {outcome}*{EVERY} passed*"]
        if outcome == "failed"
        else [f"*{EVERY} passed*1 {outcome}*"]
    )
    done.stdout.fnmatch_lines(["*fires_within WebReplicaDown: *"])


# --- side by side ---------------------------------------------------------------


def test_the_tests_of_one_target_go_to_one_worker(folder: Folder) -> None:
    folder.add("same", "shop")
    folder.add("next", "other")
    done = folder.run("--gameday", "-n", "2", "--dist", "loadgroup", "-v")
    done.assert_outcomes(passed=3 * EVERY)
    assert sorted(folder.calls) == ["day.yaml {}", "next.yaml {}", "same.yaml {}"]
    workers: dict[str, set[str]] = {}
    for line in done.outlines:
        if line.startswith("[gw"):
            name = re.search(r"(\w+)\.yaml::", line)
            assert name is not None
            workers.setdefault(name[1], set()).add(line.partition("]")[0])
    assert len(workers["next"]) == 1
    assert workers["day"] == workers["same"] != workers["next"]


@pytest.mark.parametrize("dist", ["load", "loadfile"])
def test_a_distribution_that_would_scatter_them_is_refused(
    folder: Folder, dist: str
) -> None:
    done = folder.run("--gameday", "-n", "2", "--dist", dist)
    assert done.ret != 0
    assert "--dist loadgroup" in done.stdout.str()
    assert folder.calls == []


def test_other_tests_may_be_scattered(folder: Folder) -> None:
    folder.pytester.path.joinpath("day.yaml").unlink()
    folder.pytester.makepyfile("def test_one(): pass\ndef test_two(): pass\n")
    folder.run("--gameday", "-n", "2").assert_outcomes(passed=2)


def test_what_a_worker_found_is_told_by_the_controller(folder: Folder) -> None:
    folder.answer("{'reaches': 'inconclusive'}, code=3")
    done = folder.run("--gameday", "-n", "2", "--dist", "loadgroup")
    done.stdout.fnmatch_lines(
        ["INCONCLUSIVE *reaches*", "report: runs/day/report.html", "*1 inconclusive*"]
    )


def test_what_is_broken_ends_all_workers(folder: Folder) -> None:
    for number in range(4):
        folder.add(f"next{number}", "shop")
    folder.answer("code=5, broken=['web-1']")
    done = folder.run("--gameday", "-n", "2", "--dist", "loadgroup")
    assert done.ret == pytest.ExitCode.INTERRUPTED
    assert len(folder.calls) == 1
    done.stdout.fnmatch_lines(["*something is still broken*"])


# --- the fixture ------------------------------------------------------------------

TEST = """\
def test_it(gameday):
    result = gameday.run("day.yaml", step__hold="20s")
    assert result.finding("fires_within").measured < 15
"""


def test_the_fixture_holds_a_game_day_with_changes(folder: Folder) -> None:
    folder.pytester.makepyfile(TEST)
    done = folder.run("--gameday", "-k", "test_it")
    done.assert_outcomes(passed=1, deselected=EVERY)
    assert folder.calls == ["day.yaml {'step__hold': '20s'}"]


def test_without_the_switch_the_fixture_skips(folder: Folder) -> None:
    folder.pytester.makepyfile(TEST)
    done = folder.run("-rs")
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["*held with --gameday only*"])
    assert folder.calls == []


def test_the_fixture_ends_the_pytest_run_where_something_is_broken(
    folder: Folder,
) -> None:
    folder.answer("code=5, broken=['web-1']")
    folder.pytester.makepyfile(TEST + "\ndef test_next(): pass\n")
    done = folder.run("--gameday", "-k", "test_it or test_next")
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.assert_outcomes(failed=1, deselected=EVERY)
