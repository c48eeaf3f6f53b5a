"""Helper containers: started, waiting, then told to work, then to end.

A helper writes lines of JSON to its log and receives signals. Both are plain requests
to the engine, whether it is near or far. Their image is built on first need, and the
code copied in.
"""

import io
import json
import os
import re
import secrets
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Any

from docker.types import LogConfig

from gameday.errors import FaultFailed
from gameday.frozen import frozen
from gameday.targets.docker.engine import DockerEngine, EngineRefused, Gone
from gameday.targets.helper_image import (
    DOCKERFILE,
    IMAGE,
    OVERRIDE,
    code_files,
    image_name,
)
from gameday.targets.ownership import is_dead, process_words
from gameday.targets.sidecar_faults.host import END, GO, Line, wait_for_line

_READY = 10.0  # seconds until a helper has started and looked around
_APPLIED = 15.0
_ENDED = 10.0
_WAIT = 60.0  # seconds that a helper waits for the word before it gives up
_PAUSE = 0.01
_LOOKS = ("look", "survey")  # what a helper of nobody does
_BUILD_TIMEOUT = 600
CODE_FOLDER = "/opt/gameday-helper"


@frozen
class Sidecar:
    """One helper container: its order, and whose namespaces it shares.

    `beside`: the container whose network it shares; empty: none at all. `mounts`:
    folders of the host, to write in, and where it sees them.
    """

    spec: Mapping[str, Any]
    mark: str
    beside: str = ""
    host_processes: bool = False
    rights: Sequence[str] = ("NET_ADMIN", "NET_RAW")
    mounts: Mapping[str, str] = field(default_factory=dict)


class Helper:
    """Helper containers on one engine."""

    def __init__(self, engine: DockerEngine, project: str = "") -> None:
        self._engine = engine
        self._project = project

    @property
    def image(self) -> str:
        """The name of the helpers' image."""
        return image_name()

    @property
    def missing(self) -> bool:
        """Whether the image has to be built before the first helper."""
        return not _has_image(self._engine)

    def make_ready(self) -> None:
        """Build the image if it is not there."""
        if self.missing:
            _build_image(self._engine)

    def start(self, sidecar: Sidecar) -> str:
        """Start a helper and wait until it is ready for the word; return its id."""
        try:
            helper = self._create(sidecar)
        except Gone:
            _build_image(self._engine)
            helper = self._create(sidecar)
        try:
            api = self._engine.api
            with self._engine.translated_errors():
                api.put_archive(helper, "/", code_archive())
                api.start(helper)
            self.wait_for_line(helper, "ready", _READY)
        except BaseException:
            self._engine.remove(helper)
            raise
        return helper

    def _create(self, sidecar: Sidecar) -> str:
        api = self._engine.api
        order = {"mark": sidecar.mark, "wait": _WAIT, **sidecar.spec}
        beside = sidecar.beside
        with self._engine.translated_errors():
            host = api.create_host_config(
                network_mode=f"container:{beside}" if beside else "none",
                pid_mode="host" if sidecar.host_processes else None,
                cap_drop=["ALL"],
                cap_add=list(sidecar.rights),
                userns_mode="host" if sidecar.host_processes else None,
                **_mounted(sidecar),
                log_config=LogConfig(type="json-file"),
            )
            made = api.create_container(
                image_name(),
                # Whatever the image runs, and as whom: it may be anybody's.
                entrypoint=["python3", "-S", "-m", "gameday.targets.sidecar"],
                user="0:0",
                environment={
                    "PYTHONPATH": CODE_FOLDER,
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "GAMEDAY_SPEC": json.dumps(order),
                },
                host_config=host,
                name=_name(sidecar),
                stop_signal="SIGTERM",
                labels={
                    "gameday.run": sidecar.mark.rpartition(".")[0],
                    "gameday.mark": sidecar.mark,
                    "gameday.do": str(sidecar.spec["do"]),
                    "gameday.beside": beside,
                    "gameday.project": self._project,
                    "gameday.by": process_words(),
                },
            )
        return str(made["Id"])

    def lines(self, helper: str) -> list[dict[str, Any]]:
        """Return all that a helper has said."""
        api = self._engine.api
        with self._engine.translated_errors():
            text: bytes = api.logs(helper, stdout=True, stderr=True)
        said: list[dict[str, Any]] = []
        for line in text.decode(errors="replace").splitlines():
            try:
                said.append(json.loads(line))
            except ValueError:
                said.append({"say": "", "because": line})
        return said

    def follow_lines(self, helper: str, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield each line that it says, until it has ended or time is over."""
        clock, heard = self._engine.clock, 0
        end = clock.monotonic() + seconds
        while True:
            running = self._engine.inspect(helper)["State"]["Running"]
            lines = self.lines(helper)
            yield from lines[heard:]
            heard = len(lines)
            if not running or clock.monotonic() >= end:
                return
            clock.sleep(_PAUSE)

    def wait_for_line(self, helper: str, word: str, seconds: float) -> Line:
        """Wait until it says the word; FaultFailed where it fails, ends or is slow."""
        return wait_for_line(self.follow_lines(helper, seconds), word)

    def signal(self, helper: str, name: str) -> None:
        """Tell it a signal."""
        api = self._engine.api
        with self._engine.translated_errors():
            api.kill(helper, f"SIG{name}")

    def start_work(self, helper: str) -> Line:
        """Give the word and wait until it is done; return what the helper says."""
        self.signal(helper, GO)
        return self.wait_for_line(helper, "applied", _APPLIED)

    def run(self, sidecar: Sidecar) -> Line:
        """Start, give the word, take the answer, remove."""
        helper = self.start(sidecar)
        try:
            return self.start_work(helper)
        finally:
            self._engine.remove(helper)

    def runs(self, helper: str) -> bool:
        """Return whether a helper is there and has not ended."""
        try:
            return bool(self._engine.inspect(helper)["State"]["Running"])
        except Gone:
            return False

    def end(self, helper: str) -> int | None:
        """End a helper gently; return its exit code, None if it is not there.

        Code 0: the helper has restored all that it changed, and has verified that.
        """
        try:
            self.signal(helper, END)
        except Gone:
            return None
        except EngineRefused:
            pass  # it ended by itself; its exit code tells
        _, found = self._engine.until(
            helper, lambda now: not now["State"]["Running"], _ENDED
        )
        return None if found["State"]["Running"] else int(found["State"]["ExitCode"])

    def of_run(self, run: str) -> list[str]:
        """Return the helpers that carry a run's mark, whatever their state.

        With them those that only looked, whose own process has ended without removing
        them; they belong to no run.
        """
        api = self._engine.api
        with self._engine.translated_errors():
            containers = api.containers(all=True, filters={"label": ["gameday.mark"]})
        old = self._engine.clock.now() - 2 * _WAIT
        return [
            str(container["Id"])
            for container in containers
            if container["Labels"].get("gameday.run") == run
            or (
                container["Labels"].get("gameday.do") in _LOOKS
                and _is_abandoned(container, old)
            )
        ]


def _name(sidecar: Sidecar) -> str:
    """Return a name that shows a person what a helper does, and for which run."""
    words = re.sub(r"[^a-zA-Z0-9_.-]+", "-", f"{sidecar.spec['do']}-{sidecar.mark}")
    return f"gameday-{words[:80]}-{secrets.token_hex(3)}"


def _mounted(sidecar: Sidecar) -> dict[str, Any]:
    """Return what a container needs that works on folders of the host.

    The host's own view of cgroups is among it: with version 2 no process may move to
    a cgroup outside of its own cgroup namespace.
    """
    if not sidecar.mounts:
        return {}
    binds = [f"{there}:{here}:rw" for there, here in sidecar.mounts.items()]
    return {"binds": binds, "cgroupns": "host", "security_opt": ["label=disable"]}


def _is_abandoned(container: Mapping[str, Any], old: float) -> bool:
    return container["Created"] < old or is_dead(
        container["Labels"].get("gameday.by", "")
    )


def _has_image(engine: DockerEngine) -> bool:
    """Return whether the engine has the helper's image."""
    api = engine.api
    try:
        with engine.translated_errors():
            api.inspect_image(image_name())  # type: ignore[no-untyped-call]
    except Gone:
        return False
    return True


def _build_image(engine: DockerEngine) -> None:
    """Build the image on the engine; FaultFailed with the builder's last words."""
    if os.environ.get(OVERRIDE):
        raise FaultFailed(f"the engine has no image {image_name()} ({OVERRIDE})")
    api = engine.api
    try:
        with engine.translated_errors():
            answer = api.build(
                fileobj=io.BytesIO(DOCKERFILE.encode()),
                tag=IMAGE,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=_BUILD_TIMEOUT,
                labels={"gameday.helper": "image"},
            )
            said = [
                str(line.get("stream") or line.get("error") or "") for line in answer
            ]
    except EngineRefused as wrong:
        raise FaultFailed(f"the helper's image could not be built: {wrong}") from wrong
    if not _has_image(engine):
        words = " ".join("".join(said[-3:]).split())
        raise FaultFailed(f"the helper's image could not be built: {words}")


@cache
def code_archive() -> bytes:
    """Return the sidecar's code as a tar archive to be unpacked at `/`."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in code_files().items():
            entry = tarfile.TarInfo(f"{CODE_FOLDER.lstrip('/')}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
