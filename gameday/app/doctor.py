"""What this machine and a scenario's target can and cannot do; reads only."""

import os
import platform
import shutil
import tempfile
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from gameday.errors import GamedayError
from gameday.frozen import frozen
from gameday.ledger.home import home
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.scenario import Scenario
from gameday.model.target import TargetRef, parse_target
from gameday.ports import Clock

if TYPE_CHECKING:
    from gameday.targets.opened import OpenTarget

ROOM = 64 << 20  # bytes that a run's state and files may need
SAMPLE = 1 << 16  # bytes that are written to see whether there is room
TOOLS = {
    "promtool": "not needed; a way to test rules by hand",
    "amtool": "lets `gameday check` judge receivers' own fields",
    "docker": "not needed; a way to look by hand",
}


@frozen
class Diagnosis:
    """One thing that was looked at: able, not able (None: does not matter), and why.

    `remedy`: what can be applied as it is to make it able (the YAML of a Role).
    """

    subject: str
    able: bool | None
    says: str
    remedy: str = ""


def diagnose(scenario: Scenario | None, clock: Clock) -> Iterator[Diagnosis]:
    """Yield what was found, the machine first."""
    yield Diagnosis(
        subject="python",
        able=True,
        says=f"{platform.python_version()} on {platform.system()} {platform.release()}",
    )
    yield _diagnose_home()
    for tool, use in TOOLS.items():
        program = shutil.which(tool)
        yield Diagnosis(
            subject=tool,
            able=True if program else None,
            says=program or f"absent; {use}",
        )
    if scenario is None:
        yield from _engine(clock)
        return
    yield from _target(scenario, clock)
    yield from _observers(scenario, clock)


def _diagnose_home() -> Diagnosis:
    """Look whether a run's state could be kept: there has to be room for it."""
    try:
        folder = home()
        free = shutil.disk_usage(folder).free
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(SAMPLE))
            file.flush()
            os.fsync(file.fileno())
    except GamedayError as error:
        return Diagnosis(subject="state", able=False, says=str(error))
    except OSError as error:
        says = f"{home()}: nothing can be written there: {error.strerror}"
        return Diagnosis(subject="state", able=False, says=says)
    if free < ROOM:
        says = f"{folder}: only {free >> 20} MiB are free; a run needs {ROOM >> 20}"
        return Diagnosis(subject="state", able=False, says=says)
    return Diagnosis(subject="state", able=True, says=folder)


def _engine(clock: Clock) -> Iterator[Diagnosis]:
    """Look at the engine itself, and at what its kernel can do; no project is there."""
    from gameday.targets.docker.target import DockerTarget

    nobody = TargetRef(kind="docker", name="gameday-doctor")
    try:
        target = DockerTarget(nobody, clock)
        about = target.about()
        yield Diagnosis(subject="docker engine", able=True, says=about)
        for kind in CATALOGUE:
            why = target.refusal(kind)
            says = why or "docker targets can"
            yield Diagnosis(subject=kind, able=None if why else True, says=says)
    except GamedayError as error:
        yield Diagnosis(subject="docker engine", able=None, says=str(error))


def _target(scenario: Scenario, clock: Clock) -> Iterator[Diagnosis]:
    from gameday.targets import open_target

    kinds = {fault.kind for step in scenario.steps for fault in step.experiment.faults}
    try:
        target = open_target(scenario.target.url, clock)
        yield from _rights(target, kinds)
        instances = target.instances()
    except GamedayError as error:
        yield Diagnosis(subject="target", able=False, says=str(error))
        return
    names = ", ".join(f"{instance.name} ({instance.state})" for instance in instances)
    yield Diagnosis(
        subject="target", able=bool(instances), says=names or "no instances"
    )
    for kind in CATALOGUE:
        why = target.refusal(kind)
        able = False if why and kind in kinds else None if why else True
        yield Diagnosis(subject=kind, able=able, says=why or CATALOGUE[kind].summary)


def _rights(target: "OpenTarget", kinds: Collection[str]) -> Iterator[Diagnosis]:
    """Yield each right that the scenario needs, where the target has rights to give."""
    from gameday.targets.access_rights import rights

    if target.rights is None:
        return
    asked = rights(target.rights, parse_target(target.url).namespace, kinds)
    for right in asked.each:
        yield Diagnosis(
            subject=f"rights: {right.subject}", able=right.held, says=right.says
        )
    if asked.role:
        yield Diagnosis(
            subject="rights",
            able=False,
            says="what is missing, as a Role to apply and bind, is printed below",
            remedy=asked.role,
        )


def _observers(scenario: Scenario, clock: Clock) -> Iterator[Diagnosis]:
    from gameday.app.observing.survey import survey

    monitoring, _ = survey(scenario, clock)
    if scenario.observe.prometheus is not None:
        rules = len(monitoring.rules or ())
        version = monitoring.prometheus_version
        yield Diagnosis(
            subject="prometheus",
            able=bool(version),
            says=f"{version or 'does not answer'}, {rules} alert rules",
        )
    if scenario.observe.alertmanager is not None:
        receivers = len(monitoring.routing.receivers) if monitoring.routing else 0
        yield Diagnosis(
            subject="alertmanager",
            able=bool(monitoring.alertmanager_version),
            says=f"{monitoring.alertmanager_version or 'does not answer'}, "
            f"{receivers} receivers",
        )
    for problem in monitoring.problems:
        yield Diagnosis(subject="observe", able=False, says=problem)
