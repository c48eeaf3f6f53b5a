"""The ledger is lost, or another has the target: marks and locks on Docker itself."""

import os
import shutil
from dataclasses import replace

import pytest

from tests.real.ledger.kills import (
    CATALOGUE,
    NETWORK,
    PROCESS,
    Fault,
    Place,
    run_after_death,
)
from tests.real.targets.world import ComposeProject, wait_for

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("fault", CATALOGUE, ids=lambda fault: fault.kind)
def test_heal_finds_by_marks_what_a_lost_ledger_knew(
    place: Place, project: ComposeProject, fault: Fault
) -> None:
    going = place.start(place.scenario(fault))
    going.until("biting")
    going.kill("all")
    shutil.rmtree(place.folder / "home")
    assert "the lock" in place.whole()
    assert "nothing is broken" in place.gameday("heal").stdout
    healed = place.gameday("heal", "--docker", project.name)
    assert healed.returncode == 0, healed.stdout + healed.stderr
    assert "by its mark, run" in healed.stdout
    assert "lock    freed" in healed.stdout
    assert place.whole() == ""
    again = place.gameday("heal", "--docker", project.name)
    assert "nothing is broken" in again.stdout


def test_a_project_that_does_not_exist_is_not_called_whole(place: Place) -> None:
    healed = place.gameday("heal", "--docker", "gd-no-such-project")
    assert healed.returncode == 2, healed.stdout
    assert "no containers of compose project 'gd-no-such-project'" in healed.stderr
    assert "nothing is broken" not in healed.stdout


def test_rules_whose_helper_is_gone_are_swept(
    place: Place, project: ComposeProject
) -> None:
    going = place.start(place.scenario(NETWORK[0]))
    going.until("biting")
    going.kill("all")
    shutil.rmtree(place.folder / "home")
    for helper in project.helpers():
        project.api.remove_container(helper, force=True)
    if os.geteuid() == 0:
        assert "gameday:" in place.whole()
    healed = place.gameday("heal", "--docker", project.name)
    assert "rules on web-" in healed.stdout, healed.stdout + healed.stderr
    assert place.whole() == ""


def test_a_run_that_goes_on_is_left_alone(
    place: Place, project: ComposeProject
) -> None:
    going = place.start(place.scenario(PROCESS[1]))
    going.until("biting")
    other = place.elsewhere()
    healed = other.gameday("heal", "--docker", project.name)
    assert "gameday stop" in healed.stdout
    assert healed.returncode == 2, healed.stdout
    assert "is exited" in place.whole()
    own = place.gameday("heal")
    assert own.returncode == 2, own.stdout
    assert "nothing is broken" not in own.stdout
    assert place.gameday("stop", "--because", "enough").returncode == 0
    assert going.end() == 130


def test_a_second_run_of_another_home_is_refused_and_told_who_has_it(
    place: Place,
) -> None:
    going = place.start(place.scenario(PROCESS[1]))
    going.until("biting")
    other = place.elsewhere()
    scenario = str(place.folder / "process-stop.yaml")
    second = other.gameday("run", scenario, "--out", str(place.folder / "second"))
    assert second.returncode == 2, second.stdout + second.stderr
    said = second.stdout + second.stderr
    assert f"process {going.process.pid}" in said
    assert "process-stop" in said
    assert place.gameday("stop").returncode == 0
    assert going.end() == 130


def test_the_lock_of_the_dead_is_taken_over_and_what_they_left_is_undone(
    place: Place,
) -> None:
    going = place.start(place.scenario(PROCESS[2]))
    going.until("biting")
    going.kill("all")
    other = place.elsewhere()
    second = other.start(other.scenario(PROCESS[3], hold="200ms"))
    second.end()
    assert "is held by" not in second.text
    wait_for(lambda: place.whole() == "", 10.0)


def test_a_lock_of_another_machine_is_never_thought_stale(
    place: Place, project: ComposeProject
) -> None:
    labels = {
        "gameday.lock": project.name,
        "gameday.run": "r-far",
        "gameday.user": "ann",
        "gameday.host": "far-away",
        "gameday.pid": "1",
        "gameday.started": "1",
        "gameday.boot": "another",
        "gameday.since": "2000-01-01T00:00:00.000Z",
    }
    project.api.create_container(
        "debian:bookworm-slim",
        ["true"],
        name=f"gameday-lock-{project.name}",
        labels=labels,
    )
    going = place.start(place.scenario(PROCESS[1], hold="200ms"))
    assert going.end() == 2, going.text
    assert "ann@far-away" in going.text
    assert f"gameday heal --docker {project.name}" in going.text
    assert going.states() == []
    freed = place.gameday("heal", "--docker", project.name)
    assert "r-far of ann@far-away" in freed.stdout


def test_what_the_dead_left_is_undone_before_a_plan_is_refused_over_it(
    place: Place,
) -> None:
    fault = replace(PROCESS[1], arguments="instances: web-1")
    done = run_after_death(place, fault)
    assert done.returncode in (0, 3), done.stdout + done.stderr  # 3: nobody watched
    assert "healed  process.stop on web-1, left by run" in done.stderr
    assert place.whole() == ""
