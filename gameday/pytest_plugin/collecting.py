"""Scenarios among the given paths, as tests: one for each question, one for the run."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gameday.app.calls import Wanted, run
from gameday.app.days.game_days import GameDayOptions, read_scenarios
from gameday.app.days.suites import is_scenario
from gameday.app.evidence.compare import CompareRequest, compare_judged
from gameday.checks.questions import asked
from gameday.errors import GamedayError
from gameday.model.plan import Monitoring, Plan
from gameday.model.quantity import parse_duration
from gameday.pytest_plugin.game_day import Day
from gameday.pytest_plugin.items import (
    GameDayItem,
    QuestionItem,
    RegressionItem,
    RunItem,
)

if TYPE_CHECKING:
    from gameday.app.result import Result
    from gameday.model.scenario import Scenario

_OURS = re.compile(r"^[\s{\"']*apiVersion[\"']?\s*:\s*[\"']?gameday/v1\b", re.MULTILINE)
_ENDINGS = (".yaml", ".yml", ".json")
_NO_MARK = re.compile(r"\W")


class Collecting:
    """Finds scenarios, and holds them as `gameday run` would."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        _refuse_wrong_options(config)
        config.addinivalue_line(
            "markers", "gameday(**labels): tests of game days, with the labels' values"
        )

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> "ScenarioFile | None":
        """Return a collector where the file is a scenario; other YAML is not ours."""
        if not file_path.name.endswith(_ENDINGS) or not _may_be_scenario(file_path):
            return None
        if not is_scenario(str(file_path)):
            return None  # a gate policy, or a text that has a scenario in it
        made: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
        return made

    @pytest.hookimpl(trylast=True)
    def pytest_gameday_run(
        self, config: pytest.Config, scenario: str, changes: Mapping[str, Any]
    ) -> "Result":
        """Hold the game day."""
        option = config.option
        out = option.gameday_out
        wanted = Wanted(
            out=None if out is None else str(Path(out) / _name(config, scenario)),
            env_file=option.gameday_env,
            target=option.gameday_target,
            wait_for_target=option.wait_for_target,
        )
        return run(scenario, wanted, changes)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """With `--dist loadgroup`, hand out the tests of one target together."""
        if config.getoption("dist") != "loadgroup":
            return None
        from gameday.pytest_plugin.scheduling import scheduler

        return scheduler(config, log)

    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> None:
        """End the pytest run where nothing may follow a game day."""
        if not isinstance(item, GameDayItem):
            return
        same = isinstance(nextitem, GameDayItem) and nextitem.day is item.day
        if item.day.end and not same:
            item.session.shouldstop = item.day.end


class ScenarioFile(pytest.File):
    """A scenario: its questions are known before anything happens."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for the run itself, and one for each question."""
        if _is_spread_over_workers(self.config):
            raise self.CollectError(
                f"{self.path}: this distribution would scatter the tests of one target "
                "over several workers, where one run at a time can hold it; add "
                "--dist loadgroup"
            )
        option = self.config.option
        wishes = GameDayOptions(
            env_file=option.gameday_env, target=option.gameday_target
        )
        try:
            (scenario,) = read_scenarios([str(self.path)], wishes)
        except GamedayError as error:
            raise self.CollectError(str(error)) from None
        self._mark(scenario)
        day = Day(self.config, str(self.path))
        bare = Plan(scenario=scenario, steps=(), instances=(), monitoring=Monitoring())
        questions = asked(bare)
        yield RunItem.from_parent(self, day=day, questions=questions)
        for question in questions:
            yield QuestionItem.from_parent(self, day=day, question=question)
        if option.gameday_baseline:
            yield RegressionItem.from_parent(self, day=day)

    def _mark(self, scenario: "Scenario") -> None:
        """Mark the tests with the scenario's labels, and with its target."""
        labels = dict(scenario.labels)
        marks = {"gameday": "game days"}
        for key, value in labels.items():
            marks[_NO_MARK.sub("_", key)] = f"a label of game days, {key}"
            marks[_NO_MARK.sub("_", f"{key}_{value}")] = f"game days, {key}: {value}"
        for name, meaning in marks.items():
            if name.isidentifier():
                self.config.addinivalue_line("markers", f"{name}: {meaning}")
                self.add_marker(name)
        self.add_marker(pytest.mark.gameday(**labels))
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(scenario.target.url))


def _refuse_wrong_options(config: pytest.Config) -> None:
    """Raise before any game day is held what would be an error after it."""
    option = config.option
    try:
        parse_duration(option.wait_for_target)
    except ValueError as error:
        raise pytest.UsageError(f"--wait-for-target: {error}") from None
    try:
        if option.gameday_baseline:
            compare_judged((), CompareRequest(file=option.gameday_baseline))
    except GamedayError as error:
        raise pytest.UsageError(f"--gameday-baseline: {error}") from None


def _is_spread_over_workers(config: pytest.Config) -> bool:
    """Return whether the tests of one target may get to several workers."""
    worker = getattr(config, "workerinput", None)
    several = worker is not None and worker["workercount"] > 1
    return several and not config.option.loadgroup


def _may_be_scenario(path: Path) -> bool:
    """Return whether a file is worth a closer look: few of a repository are."""
    try:
        return _OURS.search(path.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _name(config: pytest.Config, scenario: str) -> str:
    """Return the name of a scenario, for its folder."""
    wishes = GameDayOptions(env_file=config.option.gameday_env)
    return read_scenarios([scenario], wishes)[0].name
