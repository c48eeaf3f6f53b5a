"""Edge. The pytest plugin: a run for each scenario, a test for each of its findings.

This module is imported by every pytest that finds gameday installed, so it imports
nothing of gameday; what does the work comes with the switch.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gameday.app.result import Result
    from gameday.pytest_plugin.fixture import GameDays

INCONCLUSIVE = ("error", "skip", "xfail", "pass")


class Hooks:
    """What a conftest.py may do in the plugin's place."""

    @pytest.hookspec(firstresult=True)
    def pytest_gameday_run(
        self, config: pytest.Config, scenario: str, changes: Mapping[str, Any]
    ) -> "Result | None":
        """Hold the game day of a scenario's file; None: the plugin does.

        To bring a system up before it, or to look at what came of it, wrap this hook.
        """


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hook known."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all but the switch mean nothing without it."""
    group = parser.getgroup("gameday", "game days")
    group.addoption(
        "--gameday",
        action="store_true",
        help="Hold the game days among the given paths; ini: gameday = true.",
    )
    group.addoption(
        "--gameday-target",
        metavar="URL",
        help="The target in place of the scenarios' own, such as docker://shop.",
    )
    group.addoption(
        "--gameday-inconclusive",
        choices=INCONCLUSIVE,
        default="error",
        help="What a test is whose question could not be answered; default: error.",
    )
    group.addoption(
        "--gameday-baseline",
        metavar="FILE",
        help="Compare each run with this baseline: a test more for each scenario.",
    )
    group.addoption(
        "--gameday-out",
        metavar="DIR",
        help="Where the files of the runs go: DIR/SCENARIO.",
    )
    group.addoption(
        "--gameday-env",
        metavar="FILE",
        help="NAME=VALUE lines for ${NAME} in scenarios, over the environment.",
    )
    group.addoption(
        "--wait-for-target",
        metavar="TIME",
        default="0s",
        help="Wait that long (10m) where another run has a target; default: refuse.",
    )
    parser.addini("gameday", "Hold the game days among the given paths.", type="bool")


def pytest_configure(config: pytest.Config) -> None:
    """Load what does the work, where it is asked for."""
    if not _is_on(config):
        return
    from gameday.pytest_plugin.collecting import Collecting
    from gameday.pytest_plugin.reporter import GameDayReporter

    config.pluginmanager.register(Collecting(config), "gameday-collecting")
    config.pluginmanager.register(GameDayReporter(config), "gameday-telling")


@pytest.fixture(name="gameday")
def _gameday(request: pytest.FixtureRequest) -> "GameDays":
    """Hold game days in tests of one's own: `gameday.run("scenario.yaml")`."""
    if not _is_on(request.config):
        pytest.skip("game days are held with --gameday only")
    from gameday.pytest_plugin.fixture import GameDays

    return GameDays(request)


def _is_on(config: pytest.Config) -> bool:
    return bool(config.getoption("gameday") or config.getini("gameday"))
