"""Which worker of pytest-xdist gets which tests: those of one target go together.

xdist's own `--dist loadgroup` writes a test's group into its id, which pytest 9.2 does
not let it change: every test would be handed out alone. So the groups of game days
are told by their scenarios; other tests are left to xdist.
"""

from functools import cache
from typing import Any

import pytest

from gameday.app.days.game_days import GameDayOptions, read_scenarios
from gameday.errors import GamedayError


def scheduler(config: pytest.Config, log: Any) -> Any:
    """Return what hands out the tests of a target together."""
    from xdist.scheduler import LoadGroupScheduling

    option = config.option
    wishes = GameDayOptions(env_file=option.gameday_env, target=option.gameday_target)

    @cache
    def target_of(name: str) -> str:
        try:
            (scenario,) = read_scenarios([str(config.rootpath / name)], wishes)
        except GamedayError:
            return ""
        return scenario.target.url

    class TargetScheduling(LoadGroupScheduling):  # type: ignore[misc, unused-ignore]
        """A game day's scope is its target."""

        def _split_scope(self, nodeid: str) -> str:
            name = nodeid.partition("::")[0]
            target = "" if name.endswith(".py") else target_of(name)
            return target or str(super()._split_scope(nodeid))

    return TargetScheduling(config, log)
