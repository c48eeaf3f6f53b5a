"""How runs end that cannot undo at once: stopped, refused, without their engine."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from docker.types import Mount

from tests.real.ledger.door import Door, door
from tests.real.ledger.kills import NETWORK, PROCESS, Going, Place
from tests.real.processes import watchdogs
from tests.real.targets.world import CLOCK, ComposeProject, wait_for

pytestmark = pytest.mark.docker
STOP, PAUSE = PROCESS[1], PROCESS[2]


def verdict(going: Going) -> Any:
    return json.loads((going.out / "verdict.json").read_text())


def ended(going: Going) -> list[Any]:
    lines = (going.out / "timeline.ndjson").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == "fault_ended"]


# Stopped ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [STOP, PAUSE, NETWORK[0]], ids=lambda fault: fault.kind
)
def test_a_run_is_stopped_from_elsewhere_and_says_why(place: Place, fault: Any) -> None:
    going = place.start(place.scenario(fault))
    going.until("biting")
    stopped = place.gameday("stop", "--because", "the shop is on fire")
    assert stopped.returncode == 0
    assert "everything is undone" in stopped.stdout
    assert place.rows("SELECT 1 FROM faults WHERE state <> 'undone'") == []
    assert going.end() == 130
    assert "the shop is on fire" in json.dumps(verdict(going))
    assert "the shop is on fire" in (going.out / "report.md").read_text()


# An undo that does not work -----------------------------------------------------------


@pytest.fixture
def far(place: Place, project: ComposeProject) -> Any:
    """Yield a place whose engine is behind a door, and the door."""
    with door() as made:
        place.target = f"docker: {{project: {project.name}, host: '{made.address}'}}"
        yield made


def test_an_undo_that_is_refused_three_times_and_then_works(
    place: Place, far: Door
) -> None:
    going = place.start(place.scenario(STOP, hold="500ms"))
    going.until("biting")
    far.refusals = 3
    assert going.end() in (0, 3), going.text
    assert far.refused == 3
    assert place.whole() == ""
    assert [event["ok"] for event in ended(going)] == [True]


def test_an_undo_that_never_works_tells_a_person_what_to_do(
    place: Place, project: ComposeProject, far: Door
) -> None:
    going = place.start(place.scenario(STOP, hold="500ms"))
    going.until("biting")
    far.refusals = 1_000_000
    assert going.end() == 5, going.text
    ((victim,),) = place.rows("SELECT victim FROM faults")
    container = json.loads(victim)["identity"]["id"][:12]
    command = f"docker --host {far.address} start {container}"
    assert command in going.text
    assert command in (going.out / "report.md").read_text()
    assert command in (going.out / "report.html").read_text()
    (watchdog,) = watchdogs(place.folder / place.home)
    goes_on = f"the watchdog (process {watchdog}) goes on trying to undo this for 1h"
    assert goes_on in going.text
    assert goes_on in (going.out / "timeline.ndjson").read_text()
    healed = place.gameday("heal")
    assert healed.returncode == 5
    assert f"by hand: {command}" in healed.stdout
    project.api.start(container)  # what the person does
    far.refusals = 0
    wait_for(lambda: "nothing is broken" in place.gameday("heal").stdout, 30.0)


def test_a_container_that_cannot_start_any_more_is_named(
    place: Place, project: ComposeProject, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    labels = project.inspect("db-1")["Config"]["Labels"]
    made = project.api.create_container(
        "debian:bookworm-slim",
        ["sleep", "100000"],
        labels={**labels, "com.docker.compose.service": "store"},
        host_config=project.api.create_host_config(
            mounts=[Mount("/data", str(folder), type="bind")]
        ),
    )["Id"]
    try:
        project.api.start(made)
        path = place.scenario(STOP, hold="500ms")
        experiment = path.with_suffix(".exp.yaml")
        text = experiment.read_text().replace("service: web", "service: store")
        experiment.write_text(text)
        going = place.start(path)
        going.until("biting")
        folder.rmdir()
        assert going.end() == 5, going.text
        assert f"docker start {made[:12]}" in going.text
        folder.mkdir()
        healed = place.gameday("heal")
        assert healed.returncode == 0, healed.stdout
        assert project.api.inspect_container(made)["State"]["Running"]
    finally:
        project.api.remove_container(made, force=True)


# The engine goes, a container is replaced ---------------------------------------------


def test_an_engine_that_restarts_meanwhile_is_waited_for(
    place: Place, far: Door
) -> None:
    going = place.start(place.scenario(STOP, hold="500ms"))
    going.until("biting")
    far.shut()
    threading.Timer(4.0, far.open).start()
    code = going.end()
    assert code in (0, 1, 3), going.text
    assert place.whole() == ""
    assert going.settled()


def test_an_engine_that_was_away_during_the_hold_changes_nothing(
    place: Place, far: Door
) -> None:
    going = place.start(place.scenario(PAUSE, hold="3s"))
    going.until("biting")
    far.shut()
    threading.Timer(1.0, far.open).start()
    assert going.end() in (0, 1, 3), going.text
    assert [event["ok"] for event in ended(going)] == [True]


def test_a_run_killed_while_its_engine_is_away_is_healed_when_it_is_back(
    place: Place, far: Door
) -> None:
    going = place.start(place.scenario(STOP))
    going.until("biting")
    far.shut()
    going.kill("run")
    CLOCK.sleep(1.0)
    far.open()
    wait_for(going.settled, 30.0)
    assert place.whole() == ""


@pytest.mark.parametrize("fault", [STOP, PAUSE], ids=lambda fault: fault.kind)
def test_a_container_replaced_meanwhile_is_left_alone(
    place: Place, project: ComposeProject, fault: Any
) -> None:
    path = place.scenario(fault, hold="2s")
    experiment = path.with_suffix(".exp.yaml")
    experiment.write_text(
        experiment.read_text().replace("count: 1", "instances: web-2")
    )
    going = place.start(path)
    going.until("biting")
    project.api.remove_container(project.inspect("web-2")["Id"], force=True)
    new = project.create("web", 2)
    code = going.end()
    (end,) = ended(going)
    assert end["ok"]
    assert "replaced" in end["because"]
    assert "replaced" in json.dumps(verdict(going))
    assert code in (0, 1, 3), going.text
    state = project.api.inspect_container(new)["State"]
    assert state["Running"]
    assert project.api.inspect_container(new)["RestartCount"] == 0


# A fault that ends before its time ----------------------------------------------------


def test_a_fault_whose_helper_is_ended_proves_nothing(
    place: Place, project: ComposeProject
) -> None:
    going = place.start(place.scenario(NETWORK[1], hold="3s"))
    going.until("biting")
    (helper,) = project.helpers()
    project.api.kill(helper, "SIGTERM")
    assert going.end() == 3, going.text
    (end,) = ended(going)
    assert end["ok"]
    findings = {finding["question"]: finding for finding in verdict(going)["findings"]}
    for question in ("bites", "during", "no_other_alerts"):
        assert findings[question]["outcome"] == "inconclusive"
        assert "ended early" in findings[question]["because"]
    assert findings["undone"]["outcome"] == "pass"
