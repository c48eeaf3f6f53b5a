"""Other extensions' actions: their own rollbacks are played, whoever has died."""

from pathlib import Path

import pytest

from tests.real.ledger.kills import PROCESS, WATCHDOG_TIME, Place
from tests.real.targets.world import wait_for

pytestmark = pytest.mark.docker

MAKE = """\
- type: action
  name: make a file
  provider: {{type: process, path: touch, arguments: "{file}", timeout: 5}}
"""
REMOVE = """\
- type: action
  name: remove the file
  provider: {{type: process, path: rm, arguments: "-f {file}", timeout: 5}}
"""
NEVER = """\
- type: action
  name: what cannot work
  provider: {type: process, path: "false", timeout: 5}
"""


def scenario(
    place: Place, file: Path, *, mixed: bool = True, hold: str = "30s"
) -> Path:
    faults = (PROCESS[1],) if mixed else ()
    return place.scenario(
        *faults,
        hold=hold,
        extra=MAKE.format(file=file),
        rollbacks=REMOVE.format(file=file),
    )


def test_a_mixed_experiment_undoes_both(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "made"
    going = place.start(scenario(place, file, hold="300ms"))
    wait_for(file.exists, 30.0)
    going.end()
    assert not file.exists()
    assert going.settled()
    who = place.rows("SELECT by FROM transitions WHERE state = 'undone'")
    assert {undone_by for (undone_by,) in who} == {"rollback"}


def test_the_watchdog_plays_the_rollbacks_of_a_killed_run(
    place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "made"
    going = place.start(scenario(place, file))
    going.until_line("holding")
    assert file.exists()
    going.kill("run")
    wait_for(lambda: not file.exists() and going.settled(), WATCHDOG_TIME)


def test_heal_plays_them_when_everybody_is_dead(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "made"
    going = place.start(scenario(place, file, mixed=False))
    going.until_line("holding")
    going.kill("all")
    assert file.exists()
    healed = place.gameday("heal")
    assert healed.returncode == 0, healed.stdout
    assert "rollbacks played: remove the file" in healed.stdout
    assert not file.exists()
    assert "nothing is broken" in place.gameday("heal").stdout


def test_a_rollback_that_fails_is_broken_though_the_engine_calls_it_a_success(
    place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "made"
    path = place.scenario(hold="200ms", extra=MAKE.format(file=file), rollbacks=NEVER)
    going = place.start(path)
    assert going.end() == 5, going.text
    assert "what cannot work" in going.text
    ((said,),) = place.rows(
        "SELECT by_hand FROM transitions WHERE state = 'failed' AND by_hand <> ''"
        " ORDER BY number LIMIT 1"
    )
    assert "what cannot work" in said
    healed = place.gameday("heal")
    assert healed.returncode == 5
    command = healed.stdout.rpartition("`gameday ")[2].partition("`")[0]
    noted = place.gameday(*command.split())
    assert "undone by hand" in noted.stdout, noted.stderr
    assert "nothing is broken" in place.gameday("heal").stdout
