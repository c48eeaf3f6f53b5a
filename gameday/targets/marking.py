"""What a target can hold of ours besides faults: marks, and a lock.

Marks say on the target itself what gameday left there, so that it can be undone when
the ledger is lost. A lock says who has it, across users and machines.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from gameday.model.faults.fault import Undo, Undone
from gameday.targets.procfs import ProcessId, boot_id, identify, user_name

NOBODY = ProcessId(0)
DECIDED = 30.0  # seconds within which a holder's heartbeats show whether it lives
_PROCESS = ("pid", "started", "boot", "namespace", "machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a target: the run, its process and where that runs.

    `namespace`: the pid namespace its pid means something in. `since`: RFC 3339.
    `expired`: whether it has ceased to give signs of life; None: the target keeps none.
    `unseen`: places of the target that its account may not read, and so not break.
    """

    run: str
    scenario: str = ""
    user: str = ""
    host: str = ""
    machine: str = ""
    namespace: str = ""
    process: ProcessId = NOBODY
    since: str = ""
    expired: bool | None = None
    unseen: tuple[str, ...] = ()

    @property
    def known_here(self) -> bool:
        """Whether this machine can tell if its process lives, without a heartbeat."""
        return replace(self, expired=None).alive is not None

    @property
    def alive(self) -> bool | None:
        """Whether its process lives; None where that cannot be told from here."""
        boot = self.process.boot
        if boot == boot_id() and boot and self.namespace == _namespace():
            return self.process.alive
        if boot != boot_id() and self.machine == _machine() != "":
            return False  # this machine has been booted since then
        return None if self.expired is None else not self.expired

    def to_words(self) -> dict[str, str]:
        """Return it as texts, for labels and files."""
        who = self.process
        return {
            "run": self.run,
            "scenario": self.scenario,
            "user": self.user,
            "host": self.host,
            "machine": self.machine,
            "namespace": self.namespace,
            "pid": str(who.pid),
            "started": str(who.started),
            "boot": who.boot,
            "since": self.since,
            "unseen": " ".join(self.unseen),
        }


def holder_from(words: Mapping[str, str]) -> Holder:
    """Return the holder that texts describe; what is missing is empty."""

    def number(name: str) -> int:
        text = words.get(name, "")
        return int(text) if text.isdigit() else 0

    process = ProcessId(number("pid"), number("started"), words.get("boot", ""))
    return Holder(
        run=words.get("run", ""),
        scenario=words.get("scenario", ""),
        user=words.get("user", ""),
        host=words.get("host", ""),
        machine=words.get("machine", ""),
        namespace=words.get("namespace", ""),
        process=process,
        since=words.get("since", ""),
        unseen=tuple(words.get("unseen", "").split()),
    )


def holder_here(run: str, scenario: str, since: str) -> Holder:
    """Return this process as a holder."""
    return Holder(
        run=run,
        scenario=scenario,
        user=user_name(),
        host=os.uname().nodename,
        machine=_machine(),
        namespace=_namespace(),
        process=identify(),
        since=since,
    )


def process_words() -> str:
    """Return what names this process, for a label."""
    here = holder_here("", "", "").to_words()
    return " ".join(here[key] or "-" for key in _PROCESS)


def is_dead(words: str) -> bool:
    """Return whether the process that such a label names is surely gone."""
    values = ["" if value == "-" else value for value in words.split()]
    return holder_from(dict(zip(_PROCESS, values, strict=False))).alive is False


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115
    except OSError:
        return ""


def _machine() -> str:
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something of ours that was found in a target by its mark.

    `undo` None: nothing but litter. `what`: a sentence's subject. `unread`: it is a
    place where something of ours may be and that could not be read; what is said of it.
    """

    run: str
    what: str
    undo: Undo | None
    place: str  # where the mark is: what `drop` takes
    unread: Undone | None = None


@runtime_checkable
class Marked(Protocol):
    """A target that can hold marks."""

    def sweep(self, run: str) -> int:
        """Remove every mark and helper of a run; return how many there were."""

    def forget(self, undo: Undo) -> None:
        """Remove the mark of one fault that is undone."""

    def left(self) -> list[Left]:
        """Return all that carries a mark in this target, and what is unread of it."""

    def undo(self, undo: Undo) -> Undone:
        """Undo, confirm, and say what was found; idempotent."""

    def drop(self, left: Left) -> None:
        """Remove the mark itself."""

    def sweep_rules(self) -> list[tuple[str, int]]:
        """Remove our rules wherever no helper holds them; return instance, number."""

    def gone(self) -> str:
        """Return why the target does not exist, by its own word; empty: it may.

        A target that does not answer is not gone, but raises TargetNotFound.
        """


@runtime_checkable
class Lockable(Protocol):
    """A target that can hold a lock."""

    def hold(self, holder: Holder) -> Holder | None:
        """Take the lock; return who has it where it is taken, None: it is ours."""

    def held(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        """Return who has the lock.

        Where only heartbeats tell whether it lives: one that is overdue by its stamp
        is looked for again, unless `wait` is false. `decide`: one that is recent is
        not believed either, but waited for, until it comes or is overdue
        (`DECIDED` seconds at most).
        """

    def release(self, run: str) -> None:
        """Let go of a run's lock; nothing happens where another has it."""

    def lost(self) -> str:
        """Return why this process's lock is another's now; empty: it is still ours.

        Asked all the time while a run goes on, so that it has to answer at once.
        """

    def how_to_free(self) -> str:
        """Return the command that frees it when its holder is known to be gone."""
