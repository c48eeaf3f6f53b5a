"""What says on an engine that gameday was here: containers that never start.

Only their labels count. A stopped container cannot say that gameday stopped it. So
beside each fault that has no helper container a mark is left, with the undo in its
labels: whoever lost the ledger finds it there. The lock of a project is such a
container, of a fixed name.
"""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gameday.model.faults.fault import Undo
from gameday.targets.docker.containers import Project
from gameday.targets.docker.engine import DockerEngine, EngineRefused, Gone, command
from gameday.targets.docker.sidecars.helper import Helper
from gameday.targets.docker.sidecars.host import DockerSidecars
from gameday.targets.ownership import Holder, Leftover, holder_from, undo_as_data
from gameday.targets.sidecar_faults.driver import VERB

_PREFIX = "gameday."
_PROJECT = f"{_PREFIX}project"
_LOOKS = ("look", "survey", "sweep")  # helpers that change nothing and end at once
_CONFLICT = 409
_LOCK = f"{_PREFIX}lock"


def _safe(text: str) -> str:
    """Return a text with what a container's name may not have replaced."""
    return re.sub(r"[^a-zA-Z0-9_.-]", "_", text)


class Marks:
    """The marks of one compose project."""

    def __init__(
        self,
        engine: DockerEngine,
        project: Project,
        helper: Helper,
        host: DockerSidecars,
    ) -> None:
        self._engine = engine
        self._project = project
        self._helper = helper
        self._host = host
        self.project = project.name

    def leave(self, undo: Undo, kind: str, image: str) -> None:
        """Leave the mark of a fault that is about to be; a refusal is no obstacle."""
        mark = str(undo.arguments["mark"])
        labels = {
            f"{_PREFIX}run": mark.rpartition(".")[0],
            f"{_PREFIX}mark": mark,
            f"{_PREFIX}do": kind,
            _PROJECT: self.project,
            f"{_PREFIX}undo": json.dumps(undo_as_data(undo)),
        }
        with suppress(EngineRefused):
            self.create(_mark_name(mark), image, labels)

    def create(self, name: str, image: str, labels: Mapping[str, str]) -> None:
        """Make a container that is never started."""
        api = self._engine.api
        with self._engine.translated_errors():
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
        """Remove the mark of one fault that is undone."""
        if undo.verb != VERB:  # a helper was its own mark
            self._engine.remove(_mark_name(str(undo.arguments.get("mark", ""))))

    def drop(self, left: Leftover) -> None:
        """Remove a mark or a helper that has nothing to undo."""
        self._engine.remove(left.place)

    def leftovers(self) -> list[Leftover]:
        """Return all that carries a mark in this project."""
        leftovers = []
        for container in self._containers(f"{_PROJECT}={self.project}"):
            labels = container["Labels"]
            looks = labels.get(f"{_PREFIX}do") in _LOOKS
            if f"{_PREFIX}mark" in labels and not looks:
                leftovers.append(_leftover(str(container["Id"]), labels))
        return leftovers

    def _containers(self, label: str) -> list[dict[str, Any]]:
        api = self._engine.api
        with self._engine.translated_errors():
            containers: list[dict[str, Any]] = api.containers(
                all=True, filters={"label": [label]}
            )
        return containers

    def sweep(self, run: str) -> int:
        """End and remove every helper of a run, also those that the ledger never had.

        Returns how many there were.
        """
        helpers = self._helper.of_run(run)
        for helper in helpers:
            self._helper.end(helper)
            self._engine.remove(helper)
        return len(helpers)

    def sweep_rules(self) -> list[tuple[str, int]]:
        """Remove our rules wherever no helper holds them; return instance, number."""
        held = {left.undo.identity["id"] for left in self.leftovers() if left.undo}
        instances = [] if self._helper.missing else self._project.instances()
        swept = [
            (instance.name, self._host.sweep_rules(instance.identity["id"]))
            for instance in instances
            if instance.state == "running" and instance.identity["id"] not in held
        ]
        return [(name, number) for name, number in swept if number]

    def why_gone(self) -> str:
        """Return why the project does not exist; empty: it does."""
        return self._project.why_gone()


def _mark_name(mark: str) -> str:
    return f"gameday-mark-{_safe(mark)}"


def _leftover(container: str, labels: Mapping[str, str]) -> Leftover:
    does, run = labels.get(f"{_PREFIX}do", ""), labels.get(f"{_PREFIX}run", "")
    mark, beside = labels[f"{_PREFIX}mark"], labels.get(f"{_PREFIX}beside", "")
    undo = None
    what = f"helper {container[:12]} ({does})"
    if f"{_PREFIX}undo" in labels:
        undo = Undo(target="", **json.loads(labels[f"{_PREFIX}undo"]))
        what = f"{does} on {undo.instance}"
    elif beside:
        undo = Undo(
            target="",
            verb=VERB,
            instance=beside[:12],
            identity={"id": beside},
            arguments={"helper": container, "mark": mark, "way": does},
        )
        what = f"fault ({does}) on container {beside[:12]}"
    return Leftover(run=run, what=what, undo=undo, place=container)


class Lock:
    """The lock of one compose project; `image`: what its container is made of."""

    def __init__(
        self, engine: DockerEngine, marks: Marks, image: Callable[[], str]
    ) -> None:
        self._engine = engine
        self._marks = marks
        self._image = image
        self._name = f"gameday-lock-{_safe(marks.project)}"

    def hold(self, holder: Holder) -> Holder | None:
        """Take the lock; return who has it where it is taken, None: it is ours."""
        words = holder.to_words().items()
        labels = {f"{_PREFIX}{key}": value for key, value in words}
        labels |= {_LOCK: self._marks.project, f"{_PREFIX}holds": holder.run}
        try:
            self._marks.create(self._name, self._image(), labels)
        except EngineRefused as wrong:
            if wrong.status != _CONFLICT:
                raise
            other = self.holder()
            return None if other is not None and other.run == holder.run else other
        return None

    def holder(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        """Return who has the lock."""
        del wait, decide  # whether it lives shows at once
        container = self._locked()
        return None if container is None else _holder_in(container)

    def _locked(self) -> dict[str, Any] | None:
        try:
            return self._engine.inspect(self._name)
        except Gone:
            return None

    def release(self, run: str) -> None:
        """Let go of a run's lock, and of no other's: it is removed by its id."""
        container = self._locked()
        if container is not None and _holder_in(container).run == run:
            self._engine.remove(str(container["Id"]))

    def why_lost(self) -> str:
        """Return nothing: the engine lets nobody else take it."""
        return ""

    def free_command(self) -> str:
        """Return the command that frees the lock and undoes what carries a mark."""
        words = ["gameday", "heal", "--docker", self._marks.project]
        host = command(self._engine, "").split()[1:]
        return " ".join([*words, *host])


def _holder_in(container: Mapping[str, Any]) -> Holder:
    labels = container["Config"]["Labels"] or {}
    return holder_from(
        {key.removeprefix(_PREFIX): value for key, value in labels.items()}
    )
