"""The fixture `gameday`: game days in tests of one's own."""

from pathlib import Path
from typing import Any

import pytest

from gameday.app.result import Result
from gameday.pytest_plugin.game_day import Day


class GameDays:
    """Holds game days for one test, with the options of the pytest run."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def run(self, scenario: str, **changes: Any) -> Result:
        """Hold a game day and return what came of it; see `gameday.run`.

        A relative path begins at the test's own file. Where something is left broken,
        or somebody stopped it, this test fails and the pytest run ends.
        """
        node: pytest.Item = self._request.node
        path = Path(self._request.path).parent / scenario
        day = Day(self._request.config, str(path), changes)
        result = day.result()
        node.user_properties.append(("gameday_report", result.report))
        node.add_report_section("call", "gameday", f"report: {result.report}")
        if day.end:
            node.session.shouldstop = day.end
            pytest.fail(day.end, pytrace=False)
        return result
