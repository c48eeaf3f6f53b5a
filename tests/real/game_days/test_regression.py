"""Two game days on the shop without Docker, the second against the first."""

import json
from pathlib import Path

import pytest

from tests.real.game_days.play import Stage

pytestmark = [pytest.mark.local, pytest.mark.usefixtures("local_shop")]


def test_a_run_is_no_worse_than_the_one_before(stage: Stage, tmp_path: Path) -> None:
    scenario = str(stage.scenario("local/lost-replica"))
    file = str(tmp_path / "gameday-baseline.json")
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    for out in (first, second):
        assert stage.gameday("run", scenario, "--out", out).returncode == 0
    done = stage.gameday("baseline", "set", first, "--baseline", file, "--accept")
    assert done.returncode == 0, done.stderr
    done = stage.gameday(
        *("compare", second, "--baseline", file, "--too-few", "pass", "-o", "json")
    )
    assert done.returncode == 0, done.stdout
    statuses = {
        measure["question"]: measure["status"]
        for measure in json.loads(done.stdout)["measures"]
    }
    assert statuses["fires_within"] == "same"
    assert statuses["pages_within"] == "same"
