"""From a scenario's path to a plan: files read, target and observers asked."""

import hashlib
import importlib
import os
import secrets
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gameday import __version__
from gameday.app.check import environment_with
from gameday.errors import GamedayError, InvalidFile
from gameday.frozen import frozen
from gameday.ledger.entries import RecoveredFault
from gameday.model.faults.fault import FaultRequest
from gameday.model.plan import Plan
from gameday.model.scenario import Scenario
from gameday.model.target import Instance
from gameday.plans.plan import PlanInputs, make_plan
from gameday.ports import Clock, Target
from gameday.targets.opened import OpenTarget

GIT_PATIENCE = 2.0  # seconds


@frozen
class Prepared:
    """A plan and the target that it was made for.

    `target`: None where it could not be looked at, and `lost` says why; nothing else
    that the plan says of the target counts then, and it is refused. `recovered`: what
    dead runs had left there before it was made, and what became of each.
    """

    plan: Plan
    target: OpenTarget | None
    lost: str = ""
    recovered: tuple[RecoveredFault, ...] = ()

    @property
    def url(self) -> str:
        """Return the target's own URL; the scenario's, where it was not reached."""
        return self.plan.scenario.target.url if self.target is None else self.target.url


def read(
    paths: Sequence[str],
    env_file: str | None,
    changes: Mapping[str, Any] | None = None,
) -> list[Scenario]:
    """Return the scenarios; InvalidFile with every problem of all of them at once.

    `changes`: what each of them says in place of its file.
    """
    from gameday.files.scenario import load

    environment = environment_with(env_file)
    scenarios, problems = [], []
    for path in paths:
        scenario, found = load.read_scenario(path, environment, changes)
        problems += found
        if scenario is not None:
            scenarios.append(scenario)
    if any(problem.severity == "error" for problem in problems):
        raise InvalidFile(problems)
    return scenarios


def fetch(module: str) -> None:
    """Import what will be needed soon, beside what is going on now."""
    threading.Thread(
        target=importlib.import_module, args=(module,), daemon=True
    ).start()


def modules_for(scenarios: Sequence[Scenario]) -> list[str]:
    """Return the modules that these scenarios' faults need.

    Nothing of a target where other extensions act: some of them read the environment as
    they are imported, and theirs is set for each run.
    """
    from gameday.targets import MODULES

    faults = [fault for scenario in scenarios for fault in _faults(scenario)]
    families = sorted({fault.kind.partition(".")[0] for fault in faults})
    ours = [f"gameday.faults.{family}" for family in families]
    if any(
        step.experiment.foreign for scenario in scenarios for step in scenario.steps
    ):
        return ours
    kinds = sorted({scenario.target.kind for scenario in scenarios})
    return [*ours, *(name for kind in kinds for name in MODULES[kind])]


def prepare(scenario: Scenario, clock: Clock, seed: int | None) -> Prepared:
    """Ask target and observers side by side, and plan."""
    from gameday.app.observing.survey import survey

    with ThreadPoolExecutor(max_workers=3) as pool:
        surveyed = pool.submit(survey, scenario, clock)
        there = pool.submit(_find, scenario, clock)
        git = pool.submit(_git, scenario.path)
        target, instances, problem = there.result()
        monitoring, provenance = surveyed.result()
    provenance = {
        "gameday": __version__,
        "git": git.result(),
        **provenance,
        "scenario": _digest(scenario.path),
    }
    inputs = PlanInputs(
        target=target, instances=instances, monitoring=monitoring, provenance=provenance
    )
    plan = make_plan(
        scenario, inputs, secrets.randbelow(2**31) if seed is None else seed
    )
    if target is None:
        plan = _unseen(plan, problem)
    else:
        plan = replace(plan, refusals=_refusals(plan, target.url))
    return Prepared(plan=plan, target=target, lost=problem)


def _unseen(plan: Plan, why: str) -> Plan:
    """Return the plan with one reason only: the others come from seeing nothing."""
    steps = tuple(
        replace(
            step, faults=tuple(replace(fault, refusal=why) for fault in step.faults)
        )
        for step in plan.steps
    )
    return replace(plan, steps=steps, refusals=(why,))


def _refusals(plan: Plan, url: str) -> tuple[str, ...]:
    """Return why the plan may not run: its own reasons, and what only we can see."""
    from gameday.app.observing.secrets import missing_secrets
    from gameday.ledger import extension_env

    elsewhere = [
        extension_env.refusal(url, os.environ, step.experiment.document)
        for step in plan.scenario.steps
        if step.experiment.foreign
    ]
    refusals = [*plan.refusals, *missing_secrets(plan.scenario), *elsewhere]
    return tuple(dict.fromkeys(text for text in refusals if text))


def _find(
    scenario: Scenario, clock: Clock
) -> tuple[OpenTarget | None, list[Instance], str]:
    from gameday.targets import open_target

    try:
        target = open_target(scenario.target.url, clock)
        with ThreadPoolExecutor(max_workers=1) as beside:
            beside.submit(_learn_rights, target, scenario)
            return target, [*target.instances(), *_selected(target, scenario)], ""
    except GamedayError as error:
        return None, [], str(error)


def _learn_rights(target: OpenTarget, scenario: Scenario) -> None:
    """Have the target find out which rights it has: the plan asks for them next."""
    if target.rights is None:
        return
    for kind in sorted({fault.kind for fault in _faults(scenario)}):
        with suppress(GamedayError):  # who plans asks again, and says why
            target.rights.missing([kind])


def _faults(scenario: Scenario) -> list[FaultRequest]:
    return [fault for step in scenario.steps for fault in step.experiment.faults]


def _selected(target: Target, scenario: Scenario) -> list[Instance]:
    """Return the instances of services that are label selectors (`app=web`)."""
    services = {request.selection.service for request in _faults(scenario)}
    return [
        instance
        for name in sorted(services)
        if "=" in name
        for instance in target.instances(name)
    ]


def _git(path: str) -> str:
    """Return the commit of the scenario's repository; empty where there is none."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(path).absolute().parent,
            capture_output=True,
            text=True,
            timeout=GIT_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _digest(path: str) -> str:
    try:
        return "sha256:" + hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""
