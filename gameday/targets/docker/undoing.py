"""What Docker's fault drivers share when they undo."""

from collections.abc import Callable
from typing import Any

from gameday.errors import FaultFailed, GamedayError, TargetNotFound
from gameday.model.faults.fault import Undo, Undone
from gameday.targets.docker.engine import DockerEngine, EngineRefused, Gone


def failed(victim: str, what: str, wrong: GamedayError) -> FaultFailed:
    """Return the failure of an injection in one sentence."""
    return FaultFailed(f"{victim}: {what} did not work: {wrong}")


def same_container(engine: DockerEngine, undo: Undo) -> dict[str, Any] | None:
    """Return the undo's own container as it is now; None: it is not there any more."""
    try:
        return engine.inspect(undo.identity["id"])
    except Gone:
        return None


REPLACED = Undone(
    ok=True,
    found="the container is gone or was replaced; the fault went with it",
    early="its container was gone or replaced before it was undone",
)


def undone_or_why(by_hand: str, act: Callable[[], Undone]) -> Undone:
    """Do an undo; what the engine refuses becomes a sentence, never an exception."""
    try:
        return act()
    except Gone:
        return REPLACED
    except EngineRefused as wrong:
        return Undone(ok=False, found=f"the engine refused: {wrong}", by_hand=by_hand)
    except TargetNotFound as wrong:
        return Undone(ok=False, found=str(wrong), by_hand=by_hand, unanswered=True)
    except GamedayError as wrong:
        return Undone(ok=False, found=str(wrong), by_hand=by_hand)


def command(engine: DockerEngine, *words: str) -> str:
    """Return the docker command that a person would type for this engine."""
    host = engine.endpoint.host
    where = [] if host == "unix:///var/run/docker.sock" else ["--host", host]
    return " ".join(["docker", *where, *words])
