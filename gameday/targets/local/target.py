"""The port `Target` for processes of this machine under supervisord."""

import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gameday.errors import FaultFailed, GamedayError, TargetNotFound
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance, TargetRef
from gameday.ports import Clock
from gameday.targets.local.boot import Boot
from gameday.targets.local.fingerprint import Fingerprints
from gameday.targets.local.instances import instance_of
from gameday.targets.local.lock import Lock
from gameday.targets.local.signals import send, send_family
from gameday.targets.local.supervisor import (
    ALREADY_STARTED,
    NO_NAME,
    NOT_RUNNING,
    PASSWORD,
    USER,
    Supervisor,
    SupervisorRefused,
)
from gameday.targets.procfs import ProcessId, identify, state

_SOON = 5.0  # seconds within which supervisord's word must have become true
_COMES_BACK = 1.5  # seconds that supervisord gets to restart it by itself
_PAUSE = 0.01
_EARLY = "somebody had let it run again before it was undone"
_GONE = "the process is gone; the fault went with it"

HOW: Mapping[str, str] = {
    "process.stop": "supervisord is told to stop it and it is killed at once, so that "
    "supervisord keeps it down; undone by starting it",
    "process.kill": "a signal to the process: a crash, after which supervisord's "
    "autorestart acts; started at the undo if it is not back",
    "process.pause": "SIGSTOP to the process and its children; undone by SIGCONT",
    "process.restart": "stopped by supervisord, killed at once and started again",
}
_VERBS = {
    "process.stop": "start",
    "process.kill": "ensure_running",
    "process.pause": "continue",
    "process.restart": "ensure_running",
}


class LocalTarget:
    """The processes of one supervisord on this machine."""

    def __init__(self, ref: TargetRef, clock: Clock) -> None:
        if not ref.name.startswith(("http://", "unix://")):
            raise TargetNotFound(
                f"{ref.name!r} is no supervisor; expected http://HOST:PORT or "
                "unix:///PATH, percent-encoded"
            )
        if "@" in ref.name:
            raise TargetNotFound(
                "credentials of a supervisor do not belong into its URL; set "
                f"{USER} and {PASSWORD}"
            )
        self.url = replace(ref, options={}).url
        self._clock = clock
        self._supervisor = Supervisor(ref.name)
        self.lock = Lock(ref.name)
        self.marks = None
        self.stream = None
        self.rights = None
        self.clock_offset = None  # it stamps with this machine's clock
        self._fingerprints = Fingerprints(self._supervisor)
        self._acted: set[str] = set()  # marks of undos that have begun here
        self._undo_by: Mapping[str, Callable[[Undo], Undone]] = {
            "start": self._start,
            "ensure_running": self._ensure_running,
            "continue": self._continue,
        }

    # Looking ----------------------------------------------------------------------

    def instances(self, service: str | None = None) -> list[Instance]:
        """Return the instances (of a service), stopped ones too, by name."""
        parent = self._parent()
        listed = self._supervisor.processes()
        boot = Boot.measured(self._clock)
        instances = [instance_of(process, parent, boot) for process in listed]
        chosen = [
            instance for instance in instances if service in (None, instance.service)
        ]
        return sorted(
            chosen,
            key=lambda instance: (instance.service, len(instance.name), instance.name),
        )

    def fingerprint(self, touched: Collection[str] = ()) -> Fingerprint:
        """Return what has to be the same again; a process has no namespace of ours."""
        del touched
        return self._fingerprints.take()

    def _parent(self) -> str:
        who = identify(self._supervisor.pid)
        return f"{who.pid}.{who.started}.{who.boot}"

    def refusal(self, kind: str) -> str:
        """Return why a local target cannot do this fault; empty when it can."""
        return "" if kind in HOW else "a local target can do the process family only"

    def fit(
        self, request: FaultRequest, instances: Sequence[Instance]
    ) -> Sequence[Instance]:
        """Return all of them: a process is hit for itself."""
        del request
        return instances

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence how this fault is done."""
        return HOW[request.kind]

    def holds_deadline(self, _kind: str) -> bool:
        """Return false: a process that is down or frozen cannot end that itself."""
        return False

    # Breaking ---------------------------------------------------------------------

    def needs(self, kind: str) -> str:
        """Return nothing: no fault here needs anything made first."""
        del kind
        return ""

    def make_ready(self, kind: str) -> None:
        """Do nothing; see `needs`."""
        del kind

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Return the undo as data; nothing is changed."""
        if victim.state != "running":
            raise FaultFailed(f"{victim.name} is {victim.state}, not running")
        return Undo(
            target=self.url,
            verb=_VERBS[request.kind],
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={"process": victim.labels["process"], "mark": mark},
        )

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Stop, kill, pause or restart."""
        process = _process(undo)
        name = str(undo.arguments["process"])
        if request.kind == "process.kill":
            asked = str(request.arguments.get("signal") or "SIGKILL")
            send(process, signal.Signals[asked])
        elif request.kind == "process.pause":
            send_family(process, signal.SIGSTOP)
        else:
            self._stop_process(process, name)
            if request.kind == "process.restart":
                undone = self._start(undo)
                if not undone.ok:
                    raise FaultFailed(f"{victim.name}: {undone.found}")

    def _stop_process(self, process: ProcessId, name: str) -> None:
        """Have supervisord mean it, then do not wait for a graceful end."""
        if not process.alive:
            raise FaultFailed(f"process {process.pid} is not the one it was")
        try:
            self._supervisor.call("stopProcess", name, False)
        except SupervisorRefused as wrong:
            raise FaultFailed(f"{name}: supervisord refused: {wrong}") from wrong
        if process.alive:
            try:
                send(process, signal.SIGKILL)
            except FaultFailed:
                return  # it went between the two lines
        self._until(name, lambda now: now["pid"] == 0)

    def verify(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Return whether the process is gone, frozen or another."""
        process = _process(undo)
        name = str(undo.arguments["process"])
        if request.kind == "process.pause":
            shown, now = self._until(name, lambda _: state(process.pid) == "T")
            because = f"process {process.pid} is " + ("frozen" if shown else "running")
        else:
            shown, now = self._until(name, lambda _: not process.alive)
            because = f"process {process.pid} " + ("is gone" if shown else "still runs")
        evidence = {
            "state": now["statename"],
            "pid": now["pid"],
            "pid_before": process.pid,
        }
        return Proof(bites=shown, because=because, evidence=evidence)

    def _until(
        self,
        name: str,
        wanted: Callable[[Mapping[str, Any]], bool],
        most: float = _SOON,
    ) -> tuple[bool, Mapping[str, Any]]:
        end = self._clock.monotonic() + most
        while True:
            now = self._supervisor.process(name)
            if wanted(now):
                return True, now
            if self._clock.monotonic() >= end:
                return False, now
            self._clock.sleep(_PAUSE)

    # Undoing ----------------------------------------------------------------------

    def undo(self, undo: Undo) -> Undone:
        """Bring the process back to running, and confirm it; idempotent."""
        name = str(undo.arguments["process"])
        by_hand = f"supervisorctl -s {self._supervisor.address} start {name}"
        if undo.verb == "continue":
            by_hand = f"kill -CONT {undo.identity['pid']}"
        try:
            if not undo.identity["id"].startswith(f"{self._parent()}/"):
                return Undone(ok=True, found="supervisord was restarted since then")
            return self._undo_by[undo.verb](undo)
        except SupervisorRefused as wrong:
            if wrong.code == NO_NAME:
                return Undone(ok=True, found="supervisord knows it no more")
            return Undone(ok=False, found=f"refused: {wrong}", by_hand=by_hand)
        except TargetNotFound as wrong:
            return Undone(ok=False, found=str(wrong), by_hand=by_hand, unanswered=True)
        except GamedayError as wrong:
            return Undone(ok=False, found=str(wrong), by_hand=by_hand)

    def _start(self, undo: Undo) -> Undone:
        name = str(undo.arguments["process"])
        now = self._supervisor.process(name)
        if _runs(now):
            anew = str(now["pid"]) != undo.identity["pid"]
            early = _EARLY if anew and self._first(undo, "start") else ""
            return Undone(ok=True, found="was running already", early=early)
        self._acted.add(str(undo.arguments["mark"]))
        self._until(name, lambda now: now["statename"] != "STOPPING")
        try:
            self._supervisor.call("startProcess", name, False)
        except SupervisorRefused as wrong:
            if wrong.code not in (ALREADY_STARTED, NOT_RUNNING):
                raise
        up, now = self._until(name, _runs)
        if not up:
            raise FaultFailed(f"started, but it is {now['statename']}")
        return Undone(ok=True, found="was down; started again")

    def _ensure_running(self, undo: Undo) -> Undone:
        name = str(undo.arguments["process"])
        waits = ("EXITED", "BACKOFF", "STARTING", "RUNNING")
        if self._supervisor.process(name)["statename"] in waits:
            up, now = self._until(name, _runs, _COMES_BACK)
            if up:
                same = str(now["pid"]) == undo.identity["pid"]
                what = "was running already" if same else "is back"
                return Undone(ok=True, found=what)
        return self._start(undo)

    def _continue(self, undo: Undo) -> Undone:
        process = _process(undo)
        if not process.alive:
            return Undone(ok=True, found=_GONE, early=_GONE)
        was = state(process.pid)
        early = _EARLY if was != "T" and self._first(undo, "continue") else ""
        self._acted.add(str(undo.arguments["mark"]))
        send_family(process, signal.SIGCONT)
        gone, _ = self._until(
            str(undo.arguments["process"]), lambda _: state(process.pid) != "T"
        )
        if not gone:
            raise FaultFailed("continued, but it is still frozen")
        what = "was frozen; goes on" if was == "T" else "was running"
        return Undone(ok=True, found=what, early=early)

    def _first(self, undo: Undo, verb: str) -> bool:
        """Whether this undo, of that verb, has done nothing yet in this process."""
        return undo.verb == verb and undo.arguments["mark"] not in self._acted


def _process(undo: Undo) -> ProcessId:
    identity = undo.identity
    return ProcessId(int(identity["pid"]), int(identity["started"]), identity["boot"])


def _runs(now: Mapping[str, Any]) -> bool:
    known = now["statename"] in ("RUNNING", "STARTING") and now["pid"]
    return bool(known) and identify(int(now["pid"])).started > 0
