"""The lock of a compose project: a container that never starts, of a fixed name."""

from collections.abc import Callable, Mapping
from typing import Any

from gameday.targets.docker.engine import DockerEngine, EngineRefused, Gone
from gameday.targets.docker.marks import LABEL, Marks, safe
from gameday.targets.docker.undoing import command
from gameday.targets.ownership import Holder, holder_from

_CONFLICT = 409
_LOCK = f"{LABEL}lock"


class Lock:
    """The lock of one compose project; `image`: what its container is made of."""

    def __init__(
        self, engine: DockerEngine, marks: Marks, image: Callable[[], str]
    ) -> None:
        self._engine = engine
        self._marks = marks
        self._image = image
        self._name = f"gameday-lock-{safe(marks.project)}"

    def hold(self, holder: Holder) -> Holder | None:
        """Take the lock; return who has it where it is taken, None: it is ours."""
        words = holder.to_words().items()
        labels = {f"{LABEL}{key}": value for key, value in words}
        labels |= {_LOCK: self._marks.project, f"{LABEL}holds": holder.run}
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
        return None if container is None else _holder(container)

    def _locked(self) -> dict[str, Any] | None:
        try:
            return self._engine.inspect(self._name)
        except Gone:
            return None

    def release(self, run: str) -> None:
        """Let go of a run's lock, and of no other's: it is removed by its id."""
        container = self._locked()
        if container is not None and _holder(container).run == run:
            self._marks.remove(str(container["Id"]))

    def why_lost(self) -> str:
        """Return nothing: the engine lets nobody else take it."""
        return ""

    def free_command(self) -> str:
        """Return the command that frees the lock and undoes what carries a mark."""
        words = ["gameday", "heal", "--docker", self._marks.project]
        host = command(self._engine, "").split()[1:]
        return " ".join([*words, *host])


def _holder(container: Mapping[str, Any]) -> Holder:
    labels = container["Config"]["Labels"] or {}
    return holder_from({key.removeprefix(LABEL): v for key, v in labels.items()})
