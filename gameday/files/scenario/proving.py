"""Suggested experiments and scenarios as text: each proves one alert rule."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from gameday.frozen import frozen
from gameday.model.quantity import show_duration
from gameday.model.scenario import OF_ALERT, AlertPromise
from gameday.model.target import TargetRef

RATE = "20/s"  # of requests, where the rule counts some
HEAD = """\
# Written by `gameday suggest`: the fault follows from what the rule reads, the times
# from its own arithmetic. Read it before you run it, and make its promises yours.
"""
_TIMES = [key for key, promise in OF_ALERT.items() if promise.since is not None]


@frozen
class Proof:
    """What a scenario says that proves one rule.

    `name`: of its files. `fault`: family.function. `beside`: alerts that may ring as
    well. `felt`: users may notice. `url`: where the system answers, with `status`;
    `requests`: whether it has to be asked for the rule to fire. `rules`: files of them.
    """

    name: str
    target: TargetRef
    fault: str
    service: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    promise: AlertPromise
    beside: tuple[str, ...] = ()
    felt: bool = False
    requests: bool = False
    protect: tuple[str, ...] = ()
    prometheus: str = ""
    alertmanager: str = ""
    pager: str = ""
    url: str = ""
    status: int = 200
    rules: tuple[str, ...] = ()

    @property
    def scenario(self) -> str:
        """The scenario's path."""
        return f"scenarios/{self.name}.yaml"

    @property
    def experiment(self) -> str:
        """The experiment's path."""
        return f"experiments/{self.name}.yaml"


def slug(text: str) -> str:
    """Return a text as file names may carry it: WebReplicaDown is web-replica-down."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", text)
    return re.sub(r"[^a-z0-9]+", "-", apart.lower()).strip("-") or "rule"


def names(alerts: Sequence[str]) -> list[str]:
    """Return a name for each alert's files; several rules may share one name."""
    names_found: list[str] = []
    for alert in alerts:
        name = first = f"prove-{slug(alert)}"
        number = 1
        while name in names_found:
            number += 1
            name = f"{first}-{number}"
        names_found.append(name)
    return names_found


def texts(proof: Proof, folder: str) -> dict[str, str]:
    """Return the files' contents by their paths; `folder`: where they will be."""
    return {
        proof.scenario: HEAD + _yaml(_scenario(proof, folder)),
        proof.experiment: _yaml(_experiment(proof)),
    }


def _yaml(document: Mapping[str, Any]) -> str:
    import yaml

    text: str = yaml.safe_dump(
        document, sort_keys=False, default_flow_style=None, allow_unicode=True, width=88
    )
    return text


def _scenario(proof: Proof, folder: str) -> dict[str, Any]:
    radius: dict[str, Any] = {"at_most": 1}
    if proof.protect:
        radius["protect"] = list(proof.protect)
    document: dict[str, Any] = {
        "apiVersion": "gameday/v1",
        "kind": "Scenario",
        "metadata": {"name": proof.name},
        "target": proof.target.as_keys,
    }
    if observe := _observe(proof, folder):
        document["observe"] = observe
    if proof.requests and proof.url:
        document["load"] = {"url": proof.url, "rate": RATE}
    step = {
        "name": proof.name,
        "experiment": f"../{proof.experiment}",
        "expect": _expect(proof),
    }
    return {**document, "blast_radius": radius, "steps": [step]}


def _observe(proof: Proof, folder: str) -> dict[str, Any]:
    lines: dict[str, Any] = {}
    for name in ("prometheus", "alertmanager"):
        if address := getattr(proof, name):
            lines[name] = address
    if proof.pager:
        lines["pages"] = {"from": proof.pager}
    if proof.rules:
        here = Path(folder, proof.scenario).parent.resolve()
        lines["files"] = {"rules": [_relative(path, here) for path in proof.rules]}
    return lines


def _relative(path: str, here: Path) -> str:
    import os.path

    return Path(os.path.relpath(Path(path).resolve(), here)).as_posix()


def _expect(proof: Proof) -> dict[str, Any]:
    promise = proof.promise
    alert: dict[str, Any] = {"alert": promise.alert}
    if promise.labels:
        alert["labels"] = dict(promise.labels)
    if promise.reaches:
        several = len(promise.reaches) > 1
        alert["reaches"] = list(promise.reaches) if several else promise.reaches[0]
    for key in _TIMES:
        seconds = getattr(promise, key)
        if seconds is not None:
            alert[key] = show_duration(math.ceil(seconds))
    expect: dict[str, Any] = {"alerts": [alert]}
    if proof.beside:
        expect["no_other_alerts"] = {"except": list(proof.beside)}
    expect["steady_state"] = "may_deviate" if proof.felt else "holds"
    return expect


def _experiment(proof: Proof) -> dict[str, Any]:
    family, _, function = proof.fault.rpartition(".")
    settings = {"service": proof.service, "count": 1, **proof.arguments}
    arguments = {name: f"${{{name}}}" for name in settings}
    target = {"type": "env", "key": "GAMEDAY_TARGET", "default": proof.target.url}
    fault = {
        "type": "python",
        "module": f"gameday.faults.{family}",
        "func": function,
        "arguments": arguments,
    }
    undo = {"type": "python", "module": "gameday.faults", "func": "undo"}
    document: dict[str, Any] = {
        "title": f"Does {proof.promise.alert} ring?",
        "description": f"{proof.fault} of one {proof.service} has to make it fire.",
        "runtime": {"rollbacks": {"strategy": "always"}},
        "configuration": {"target": target, **settings},
    }
    if proof.url:
        probe = {
            "type": "probe",
            "name": "it answers",
            "tolerance": proof.status,
            "provider": {"type": "http", "url": proof.url, "timeout": 3},
        }
        document["steady-state-hypothesis"] = {"title": "It answers", "probes": [probe]}
    method = {"type": "action", "name": "the fault", "provider": fault}
    document["method"] = [method]
    document["rollbacks"] = [{"type": "action", "name": "undo", "provider": undo}]
    return document
