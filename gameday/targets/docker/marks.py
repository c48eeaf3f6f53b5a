"""Marks on an engine: containers that never start and only carry labels.

A stopped container cannot say that gameday stopped it. So beside each fault that has
no helper container a created one is left, with the undo in its labels: whoever lost
the ledger finds it there. One such container with a fixed name is the lock.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gameday.model.faults.fault import Undo
from gameday.targets.docker.engine import Engine, EngineRefused, Gone
from gameday.targets.docker.hand import command
from gameday.targets.marking import Holder, Left, holder_from

LABEL = "gameday."
PROJECT = f"{LABEL}project"
_CONFLICT = 409
_LOOKS = ("look", "survey", "sweep")  # helpers that change nothing and end at once
_LOCK = f"{LABEL}lock"


def _safe(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_.-]", "_", text)


class Marks:
    """The marks and the lock of one compose project."""

    def __init__(self, engine: Engine, project: str) -> None:
        self._engine = engine
        self.project = project
        self._lock_name = f"gameday-lock-{_safe(project)}"

    # Marks ------------------------------------------------------------------------

    def leave(self, undo: Undo, kind: str, image: str) -> None:
        """Leave the mark of a fault that is about to be; a refusal is no obstacle."""
        mark = str(undo.arguments["mark"])
        labels = {
            f"{LABEL}run": mark.rpartition(".")[0],
            f"{LABEL}mark": mark,
            f"{LABEL}do": kind,
            PROJECT: self.project,
            f"{LABEL}undo": json.dumps(
                {
                    "verb": undo.verb,
                    "instance": undo.instance,
                    "identity": dict(undo.identity),
                    "arguments": dict(undo.arguments),
                }
            ),
        }
        with suppress(EngineRefused):
            self._create(_name(mark), image, labels)

    def _create(self, name: str, image: str, labels: Mapping[str, str]) -> None:
        api = self._engine.api
        with self._engine.speaking():
            host = api.create_host_config(network_mode="none")
            api.create_container(
                image,
                ["gameday: never started, only its labels count"],
                entrypoint=[""],
                name=name,
                labels=dict(labels),
                host_config=host,
            )

    def forget(self, undo: Undo) -> None:
        """Remove the mark of a fault."""
        self.drop(_name(str(undo.arguments.get("mark", ""))))

    def drop(self, container: str) -> None:
        """Remove a container of ours, whatever its state."""
        api = self._engine.api
        with suppress(EngineRefused), self._engine.speaking():
            api.remove_container(container, force=True, v=True)

    def left(self) -> list[Left]:
        """Return all that carries a mark in this project."""
        found = []
        for container in self._containers(f"{PROJECT}={self.project}"):
            labels = container["Labels"]
            looks = labels.get(f"{LABEL}do") in _LOOKS
            if f"{LABEL}mark" in labels and not looks:
                found.append(_left(str(container["Id"]), labels))
        return found

    def _containers(self, label: str) -> list[dict[str, Any]]:
        api = self._engine.api
        with self._engine.speaking():
            found: list[dict[str, Any]] = api.containers(
                all=True, filters={"label": [label]}
            )
        return found

    # The lock ---------------------------------------------------------------------

    def hold(self, holder: Holder, image: str) -> Holder | None:
        """Take the lock; return who has it where it is taken, None: it is ours."""
        words = holder.to_words().items()
        labels = {f"{LABEL}{key}": value for key, value in words}
        labels |= {_LOCK: self.project, f"{LABEL}holds": holder.run}
        try:
            self._create(self._lock_name, image, labels)
        except EngineRefused as wrong:
            if wrong.status != _CONFLICT:
                raise
            other = self.held()
            return None if other is not None and other.run == holder.run else other
        return None

    def held(self) -> Holder | None:
        """Return who has the lock."""
        found = self._locked()
        return None if found is None else _holder(found)

    def _locked(self) -> dict[str, Any] | None:
        try:
            return self._engine.inspect(self._lock_name)
        except Gone:
            return None

    def release(self, run: str) -> None:
        """Let go of a run's lock, and of no other's: it is removed by its id."""
        found = self._locked()
        if found is not None and _holder(found).run == run:
            self.drop(str(found["Id"]))

    def how_to_free(self) -> str:
        """Return the command that frees the lock and undoes what carries a mark."""
        words = ["gameday", "heal", "--docker", self.project]
        host = command(self._engine, "").split()[1:]
        return " ".join([*words, *host])


def _name(mark: str) -> str:
    return f"gameday-mark-{_safe(mark)}"


def _holder(found: Mapping[str, Any]) -> Holder:
    labels = found["Config"]["Labels"] or {}
    return holder_from({key.removeprefix(LABEL): v for key, v in labels.items()})


def _left(container: str, labels: Mapping[str, str]) -> Left:
    does, run = labels.get(f"{LABEL}do", ""), labels.get(f"{LABEL}run", "")
    mark, beside = labels[f"{LABEL}mark"], labels.get(f"{LABEL}beside", "")
    undo = None
    what = f"helper {container[:12]} ({does})"
    if f"{LABEL}undo" in labels:
        undo = Undo(target="", **json.loads(labels[f"{LABEL}undo"]))
        what = f"{does} on {undo.instance}"
    elif beside:
        undo = Undo(
            target="",
            verb="end_helper",
            instance=beside[:12],
            identity={"id": beside},
            arguments={"helper": container, "mark": mark, "way": does},
        )
        what = f"fault ({does}) on container {beside[:12]}"
    return Left(run=run, what=what, undo=undo, place=container)
