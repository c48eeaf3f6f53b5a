"""Faults of containers' processes: the engine stops, pauses, restarts; a signal kills.

A kill is a crash: its signal comes from the host's side, so that the restart policy
acts. The engine's own `kill` marks a container as stopped by hand, and a process cannot
be killed from inside its own pid namespace when it is pid 1 there. So gameday sends
the signal itself where it may, and else a helper container that sees the host's
processes does.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gameday.errors import FaultFailed
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.target import Instance
from gameday.targets.docker.engine import (
    REPLACED,
    DockerEngine,
    EngineRefused,
    command,
    failed,
    same_container,
    undone_or_why,
)
from gameday.targets.docker.ownership import Marks
from gameday.targets.docker.sidecars.helper import Helper, Sidecar
from gameday.targets.sidecar.process.kill import send_signal
from gameday.targets.sidecar.work import WorkFailed

_SOON = 5.0  # seconds within which an engine's word must have become true
_COMES_BACK = 1.5  # seconds that a restart policy gets before we start it ourselves

HOW: Mapping[str, str] = {
    "process.stop": "SIGKILL through the engine, which then keeps the container down "
    "(no restart policy acts); undone by starting it",
    "process.kill": "a signal to the container's main process from the host's side: a "
    "crash, after which the restart policy acts; started at the undo if it is not back",
    "process.pause": "the engine freezes all processes of the container; undone by "
    "thawing them",
    "process.restart": "the engine kills the container and starts it again at once",
}
BACK = "ensure_running"
_VERBS = {
    "process.stop": "start",
    "process.kill": BACK,
    "process.pause": "unpause",
    "process.restart": BACK,
}


def _is_down(container: Mapping[str, Any]) -> bool:
    return not container["State"]["Running"]


def _is_up(container: Mapping[str, Any]) -> bool:
    state = container["State"]
    return bool(state["Running"] and not state["Restarting"] and not state["Paused"])


class Process:
    """The process family on one engine."""

    def __init__(self, engine: DockerEngine, helper: Helper, marks: Marks) -> None:
        self._engine = engine
        self._marks = marks
        self._acted: set[str] = set()  # marks of undos that this process has begun
        self._crash = _Crash(engine, helper)
        self._undo_by: Mapping[str, Callable[[Undo], Undone]] = {
            "start": self._start,
            BACK: self._ensure_running,
            "unpause": self._unpause,
        }

    def refusal(self, kind: str) -> str:
        """Return why it cannot; the engine can do all of them."""
        return "" if kind in HOW else f"docker targets cannot do {kind} yet"

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        return HOW[request.kind]

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Look at the victim, and prepare what sends the signal where it is killed."""
        details = self._engine.inspect(victim.identity["id"])
        if not _is_up(details):
            raise FaultFailed(f"{victim.name} is {victim.state}, not running")
        state = details["State"]
        arguments: dict[str, Any] = {
            "container": str(details["Name"]).lstrip("/"),
            "networks": sorted(details["NetworkSettings"]["Networks"] or {}),
            "started_at": state["StartedAt"],
            "pid": state["Pid"],
            "mark": mark,
        }
        if request.kind == "process.kill":
            arguments["sidecar"] = self._crash.prepare(request, details, mark)
        undo = Undo(
            target="",
            verb=_VERBS[request.kind],
            instance=victim.name,
            identity=dict(victim.identity),
            arguments=arguments,
        )
        self._marks.leave(undo, request.kind, str(details["Image"]))
        return undo

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Stop, kill, pause or restart."""
        container = undo.identity["id"]
        api = self._engine.api
        try:
            with self._engine.translated_errors():
                if request.kind == "process.stop":
                    api.kill(container, "SIGKILL")
                elif request.kind == "process.pause":
                    api.pause(container)
                elif request.kind == "process.restart":
                    api.restart(container, timeout=0)
                else:
                    self._crash.send_signal(request, undo)
        except EngineRefused as wrong:
            raise failed(victim.name, request.kind, wrong) from wrong

    def verify(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Look until the container shows it, for a few seconds at most."""
        before = undo.arguments

        def is_another_process(container: Mapping[str, Any]) -> bool:
            state = container["State"]
            changed: bool = (
                state["StartedAt"] != before["started_at"]
                or state["Pid"] != before["pid"]
            )
            return changed or _is_down(container)

        is_faulted: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
            "process.stop": _is_down,
            "process.pause": lambda container: bool(container["State"]["Paused"]),
            "process.kill": is_another_process,
            "process.restart": lambda container: (
                container["State"]["StartedAt"] != before["started_at"]
            ),
        }
        ok, found = self._engine.until(
            undo.identity["id"], is_faulted[request.kind], _SOON
        )
        state = found["State"]
        evidence = {
            "status": state["Status"],
            "pid": state["Pid"],
            "pid_before": before["pid"],
            "started_at": state["StartedAt"],
            "started_at_before": before["started_at"],
            "finished_at": state["FinishedAt"],
        }
        because = (
            f"the container is {state['Status']}; its process was {before['pid']}, "
            + (f"now {state['Pid']}" if state["Pid"] else "and is gone")
        )
        return Proof(bites=ok, because=because, evidence=evidence)

    def undo(self, undo: Undo) -> Undone:
        """Bring the same container back to running, and confirm it."""
        verb = "unpause" if undo.verb == "unpause" else "start"
        by_hand = command(self._engine, verb, undo.identity["id"][:12])

        def act() -> Undone:
            self._crash.remove_helper(undo)
            undone = self._undo_by[undo.verb](undo)
            # What a crash's victim does afterwards is what is looked at.
            return replace(undone, early="") if undo.verb == BACK else undone

        return undone_or_why(by_hand, act)

    def _start(self, undo: Undo) -> Undone:
        container = same_container(self._engine, undo)
        if container is None:
            return REPLACED
        anew = container["State"]["StartedAt"] != undo.arguments["started_at"]
        meddled = anew and undo.arguments["mark"] not in self._acted
        early = "somebody started it before it was undone" if meddled else ""
        if _is_up(container):
            what = "had been started again already" if anew else "was running already"
            return replace(self._confirmed(undo, container, what), early=early)
        self._acted.add(str(undo.arguments["mark"]))
        api = self._engine.api
        with self._engine.translated_errors():
            if container["State"][
                "Restarting"
            ]:  # waits, longer each time; start is deaf
                api.restart(undo.identity["id"], timeout=0)
            else:
                api.start(undo.identity["id"])
        up, container = self._engine.until(undo.identity["id"], _is_up, _SOON)
        if not up:
            raise EngineRefused(f"started, but it is {container['State']['Status']}")
        undone = self._confirmed(undo, container, "was down; started again")
        return replace(undone, early=early)

    def _ensure_running(self, undo: Undo) -> Undone:
        details = same_container(self._engine, undo)
        if details is None:
            return REPLACED
        policy = details["HostConfig"].get("RestartPolicy", {}).get("Name", "")
        if not _is_up(details) and policy not in ("", "no"):
            container = undo.identity["id"]
            _, details = self._engine.until(container, _is_up, _COMES_BACK)
        if _is_up(details):
            changed = details["State"]["StartedAt"] != undo.arguments["started_at"]
            what = "is back" if changed else "was running already"
            return self._confirmed(undo, details, what)
        return self._start(undo)

    def _unpause(self, undo: Undo) -> Undone:
        container = same_container(self._engine, undo)
        if container is None:
            return REPLACED
        if not container["State"]["Paused"]:
            what = f"was not paused any more ({container['State']['Status']})"
            ours = undo.arguments["mark"] in self._acted
            early = "" if ours else f"the container {what}"
            return Undone(ok=True, found=what, early=early)
        self._acted.add(str(undo.arguments["mark"]))
        api = self._engine.api
        with self._engine.translated_errors():
            api.unpause(undo.identity["id"])
        thawed, container = self._engine.until(
            undo.identity["id"], lambda now: not now["State"]["Paused"], _SOON
        )
        if not thawed:
            raise EngineRefused("unpaused, but it is still paused")
        return Undone(ok=True, found="was paused; thawed")

    def _confirmed(self, undo: Undo, details: Mapping[str, Any], what: str) -> Undone:
        """Confirm that what runs again hangs in the networks it hung in before."""
        ends = details["NetworkSettings"]["Networks"] or {}
        lost = [name for name in undo.arguments["networks"] if name not in ends]
        if not lost:
            return Undone(ok=True, found=what)
        container = undo.identity["id"][:12]
        by_hand = command(self._engine, "network", "connect", lost[0], container)
        return Undone(
            ok=False, found=f"{what}, but not in {', '.join(lost)}", by_hand=by_hand
        )


class _Crash:
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
                self._engine.remove(sidecar)
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
            self._engine.remove(sidecar)


def _signal(request: FaultRequest) -> str:
    return str(request.arguments.get("signal") or "SIGKILL")
