"""A crash: the signal comes from the host's side, so that the restart policy acts.

The engine's own `kill` marks a container as stopped by hand, and a process cannot
be killed from inside its own pid namespace when it is pid 1 there. So gameday sends
the signal itself where it may, and else a helper container that sees the host's
processes does.
"""

from collections.abc import Mapping
from typing import Any

from gameday.errors import FaultFailed
from gameday.model.faults.fault import FaultRequest, Undo
from gameday.targets.docker.engine import DockerEngine
from gameday.targets.docker.sidecars.helper import Helper, Sidecar
from gameday.targets.sidecar.process.kill import send_signal
from gameday.targets.sidecar.work import WorkFailed


class Crash:
    """Sends signals to containers' main processes."""

    def __init__(self, engine: DockerEngine, helper: Helper) -> None:
        self._engine = engine
        self._helper = helper

    def prepare(
        self, request: FaultRequest, container: Mapping[str, Any], mark: str
    ) -> str:
        """Return the helper that waits for the word; empty: we do it ourselves."""
        pid = container["State"]["Pid"]
        if self._engine.sees(pid, container["Id"]):
            return ""
        spec = {
            "do": "kill",
            "pid": pid,
            "container": container["Id"],
            "signal": _signal(request),
            "duration": 0.0,
        }
        sidecar = Sidecar(spec=spec, mark=mark, host_processes=True, rights=("KILL",))
        return self._helper.start(sidecar)

    def send_signal(self, request: FaultRequest, undo: Undo) -> None:
        """Send the signal."""
        sidecar = undo.arguments["sidecar"]
        if sidecar:
            try:
                self._helper.start_work(sidecar)
            finally:
                self._helper.remove(sidecar)
            return
        container = undo.identity["id"]
        try:
            send_signal(undo.arguments["pid"], container, _signal(request))
        except WorkFailed as wrong:
            raise FaultFailed(f"{undo.instance}: {wrong}") from wrong

    def remove_helper(self, undo: Undo) -> None:
        """Remove the helper, if there was one."""
        sidecar = undo.arguments.get("sidecar")
        if sidecar:
            self._helper.remove(sidecar)


def _signal(request: FaultRequest) -> str:
    return str(request.arguments.get("signal") or "SIGKILL")
