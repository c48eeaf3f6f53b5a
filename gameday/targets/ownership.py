"""What a target can hold of ours besides faults: marks, and a lock.

Marks say on the target itself what gameday left there, so that it can be undone when
the ledger is lost. A lock says who has it, across users and machines.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gameday.frozen import frozen
from gameday.model.faults.fault import Undo, Undone
from gameday.targets.procfs import ProcessId, boot_id, identify, user_name

NOBODY = ProcessId(0)
DECIDED = 30.0  # seconds within which a holder's heartbeats show whether it lives
_PROCESS = ("pid", "started", "boot", "namespace", "machine")


@frozen
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


def undo_as_data(undo: Undo) -> dict[str, Any]:
    """Return an undo as a mark holds it: plain data, without its target."""
    return {
        "verb": undo.verb,
        "instance": undo.instance,
        "identity": dict(undo.identity),
        "arguments": dict(undo.arguments),
    }


@frozen
class Leftover:
    """Something of ours that was found in a target by its mark.

    `undo` None: nothing but litter. `what`: a sentence's subject. `unread`: it is a
    place where something of ours may be and that could not be read; what is said of it.
    """

    run: str
    what: str
    undo: Undo | None
    place: str  # where the mark is: what `drop` takes
    unread: Undone | None = None
