"""Game days as everybody holds them: scenarios as wished, a held target waited for."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gameday
from gameday.app.days.game_days import GameDayOptions, read_scenarios, wait
from gameday.app.days.make_plan import Prepared
from gameday.app.result import Result
from gameday.clock import SystemClock
from gameday.errors import InvalidFile, UsageError
from gameday.ledger.home import ledger_path
from gameday.ledger.ledger import Ledger
from gameday.model.verdict import Ending, ExitCode, Finding, Outcome, Verdict
from tests.unit.ledger.fake import URL, FakeTarget, instance
from tests.unit.runner.world import FakeClock, plan

ROOT = Path(__file__).resolve().parents[3]
SCENARIO = str(ROOT / "scenarios" / "lost-replica.yaml")


@pytest.mark.parametrize(
    ("url", "kind", "options"),
    [
        ("docker://other?context=far", "docker", {"context": "far"}),
        ("kubernetes://kind%2Fa/shop", "kubernetes", {}),
    ],
)
def test_another_target_stands_in_place_of_the_scenarios_own(
    url: str, kind: str, options: dict[str, str]
) -> None:
    (scenario,) = read_scenarios([SCENARIO], GameDayOptions(target=url))
    assert scenario.target.kind == kind
    assert dict(scenario.target.options) == options
    assert scenario.target.url == url


def test_a_target_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="docker://PROJECT"):
        read_scenarios([SCENARIO], GameDayOptions(target="shop"))


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))
    made = Ledger(ledger_path(), SystemClock())
    yield made
    made.close()


def prepared() -> Prepared:
    target = FakeTarget([instance("web-1")])
    assert target.url == URL
    return Prepared(plan=plan(), target=target)


def test_a_free_target_is_not_waited_for(ledger: Ledger) -> None:
    assert ledger.open_runs() == []
    clock, told = FakeClock(), list[str]()
    assert not wait(prepared(), clock, clock.monotonic() + 60, told.append)
    assert told == []


def test_a_held_target_is_waited_for_until_it_is_free(ledger: Ledger) -> None:
    ledger.open_run("other", URL, "their-day")
    clock, told = FakeClock(), list[str]()
    begun = clock.monotonic()
    clock.at(30.2, lambda: ledger.close_run("other"))
    assert wait(prepared(), clock, begun + 600, told.append)
    assert 30 < clock.monotonic() - begun < 32
    (line,) = told
    assert "10m" in line
    assert "their-day" in line


def test_a_target_that_stays_held_is_waited_for_no_longer_than_asked(
    ledger: Ledger,
) -> None:
    ledger.open_run("other", URL)
    clock, told = FakeClock(), list[str]()
    begun = clock.monotonic()
    assert wait(prepared(), clock, begun + 60, told.append)
    assert 60 <= clock.monotonic() - begun < 62


# --- the functions for Python -----------------------------------------------------


def test_importing_gameday_imports_nothing_more() -> None:
    program = (
        "import sys, gameday; "
        "print(sorted(name for name in sys.modules if name.startswith('gameday')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "['gameday']\n"


def test_every_public_function_is_typed() -> None:
    for name in gameday.__all__:
        function = getattr(gameday, name)
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(
            parameter.annotation is not inspect.Parameter.empty
            for parameter in signature.parameters.values()
        )


def test_check_returns_every_problem(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(
        "groups: [{name: a, nonsense: 1, rules: []}]\n"
    )
    result = gameday.check(str(tmp_path))
    assert [problem.id.split("/")[0] for problem in result.problems] == ["rules"]
    for wish in ("*.yaml", ["*.yaml"]):  # a pattern, or several
        assert gameday.check(str(tmp_path), exclude=wish).problems == ()


def test_run_raises_where_a_file_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "day.yaml"
    path.write_text("apiVersion: gameday/v1\nkind: Scenario\n")
    with pytest.raises(InvalidFile, match="steps"):
        gameday.run(str(path))


def test_run_refuses_a_time_without_its_unit() -> None:
    with pytest.raises(UsageError, match=r"wait_for_target.*unit"):
        gameday.run(SCENARIO, wait_for_target="10")


def test_judge_names_what_is_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="no run"):
        gameday.judge("nonsense")


def result(*findings: Finding) -> Result:
    verdict = Verdict(
        run="r1",
        scenario="x",
        started=0.0,
        ended=1.0,
        ending=Ending.FINISHED,
        findings=findings,
    )
    return Result(code=ExitCode.PASS, folder="r1", plan=plan(), verdict=verdict)


def answer(question: str, subject: str) -> Finding:
    return Finding(
        step="s",
        check="alert",
        subject=subject,
        question=question,
        outcome=Outcome.PASS,
        because=".",
    )


def test_a_result_finds_the_one_answer_and_refuses_to_choose() -> None:
    made = result(answer("fires_within", "A"), answer("fires_within", "B"))
    assert made.finding("fires_within", "B").subject == "B"
    assert made.outcome is Outcome.PASS
    with pytest.raises(LookupError, match="2 findings"):
        made.finding("fires_within")
    with pytest.raises(LookupError, match="0 findings"):
        made.finding("reaches")
