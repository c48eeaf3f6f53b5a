"""The engine's API: one client, bounded waits, its errors in our words.

An error is an exception of ours; what goes wrong in an undo is a sentence with a way
out, and a container that is gone has taken its fault with it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import docker.errors
import requests.exceptions
from docker.api import APIClient
from docker.tls import TLSConfig

from gameday.errors import FaultFailed, GamedayError, TargetNotFound
from gameday.model.faults.fault import Undo, Undone
from gameday.model.quantity import parse_instant
from gameday.ports import Clock
from gameday.targets.docker.endpoint import EngineAddress
from gameday.targets.sidecar.process.kill import belongs

TIMEOUT = 10  # seconds for any one answer of the engine
_PAUSE = 0.01  # seconds between two looks at a container


class EngineRefused(GamedayError):
    """The engine answered, and said no; `status` is its HTTP status."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Gone(EngineRefused):
    """What was asked for does not exist (any more)."""


@contextmanager
def translate_errors(host: str) -> Iterator[None]:
    """Turn the SDK's errors into ours: TargetNotFound, Gone, EngineRefused."""
    try:
        yield
    except docker.errors.NotFound as wrong:
        raise Gone(_error_text(wrong), 404) from wrong
    except docker.errors.APIError as wrong:
        raise EngineRefused(_error_text(wrong), wrong.status_code or 0) from wrong
    except (
        docker.errors.DockerException,
        requests.exceptions.RequestException,
        OSError,
    ) as wrong:
        raise TargetNotFound(
            f"the Docker engine at {host} does not answer: {_cause(wrong)}"
        ) from wrong


def _error_text(wrong: docker.errors.APIError) -> str:
    return str(wrong.explanation or wrong).strip()


def _cause(wrong: BaseException) -> str:
    text = str(wrong)
    return text if len(text) < 200 else text[:200] + "…"  # noqa: PLR2004


class DockerEngine:
    """One Docker engine; the connection is made on first use."""

    def __init__(self, endpoint: EngineAddress, clock: Clock) -> None:
        self.endpoint = endpoint
        self.clock = clock

    @cached_property
    def api(self) -> APIClient:
        """The SDK's low-level client."""
        path = self.endpoint.host.removeprefix("unix://")
        if path != self.endpoint.host and not Path(path).exists():
            raise TargetNotFound(
                f"the Docker engine at {self.endpoint.host} does not answer: "
                "there is no such socket"
            )
        tls: TLSConfig | bool = False
        folder = self.endpoint.certificates
        if folder:
            tls = TLSConfig(
                client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"),
                ca_cert=f"{folder}/ca.pem",
                verify=self.endpoint.verify,
            )
        with translate_errors(self.endpoint.host):
            return APIClient(
                base_url=self.endpoint.host,
                version="auto",
                timeout=TIMEOUT,
                tls=tls,
                use_ssh_client=self.endpoint.host.startswith("ssh://"),
            )

    def translated_errors(self) -> Any:
        """Return the context in which the SDK's errors become ours."""
        return translate_errors(self.endpoint.host)

    def clock_offset(self) -> tuple[float, float]:
        """Return the engine's clock minus ours; off by half of the round trip."""
        api = self.api
        sent = self.clock.now()
        with self.translated_errors():
            told = str(api.info()["SystemTime"])
        back = self.clock.now()
        theirs = parse_instant(told.replace("Z", "+00:00"))
        return theirs - (sent + back) / 2, (back - sent) / 2 + 0.0005

    def inspect(self, container: str) -> dict[str, Any]:
        """Return what the engine knows of a container; Gone where there is none."""
        api = self.api
        with self.translated_errors():
            details: dict[str, Any] = api.inspect_container(container)
        return details

    def remove(self, container: str) -> None:
        """Remove a container of ours, whatever its state."""
        api = self.api
        try:
            with self.translated_errors():
                api.remove_container(container, force=True, v=True)
        except EngineRefused:
            pass  # gone, or being removed

    def until(
        self, container: str, wanted: Any, seconds: float
    ) -> tuple[bool, dict[str, Any]]:
        """Look until `wanted(inspected)` is true; return whether, and the last look."""
        end = self.clock.monotonic() + seconds
        while True:
            details = self.inspect(container)
            if wanted(details):
                return True, details
            if self.clock.monotonic() >= end:
                return False, details
            self.clock.sleep(_PAUSE)

    def sees(self, pid: int, container: str) -> bool:
        """Return whether this process may signal the container's process itself.

        True where the engine is local, we are root, and the pid that the engine
        names is, seen from here, one of that container's.
        """
        local = self.endpoint.host.startswith("unix://")
        return local and os.geteuid() == 0 and belongs(pid, container)


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
