"""What the processes of a supervisord are like: its own configuration, and theirs.

What may hold a secret (the command line) is a digest under a random key.
"""

import os
import resource
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.model.fingerprint import Fingerprint, as_text, digest
from gameday.targets.local.instances import instance_of
from gameday.targets.local.supervisor import Supervisor, SupervisorRefused
from gameday.targets.procfs import family, state

_HIDDEN = ("command", "serverurl")
_NAMES = ("group", "name")  # they are the instance's own name
_LIMITS = ("AS", "CORE", "CPU", "DATA", "FSIZE", "MEMLOCK", "NOFILE", "NPROC", "STACK")


class Fingerprints:
    """Takes fingerprints of one supervisord; only its own can be compared."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._key = secrets.token_bytes(16)

    def take(self) -> Fingerprint:
        """Return what every process is like."""
        configured = self._configured()
        taken: dict[str, dict[str, str]] = {}
        for process in self._supervisor.processes():
            seen = instance_of(process, "")
            full = seen.labels["process"]
            values = [
                ("process", full),
                ("state", seen.state),
                *self._config(configured.get(full, {})),
                *_process(int(process["pid"])),
            ]
            taken[seen.name] = {key: value for key, value in values if value}
        return taken

    def _configured(self) -> Mapping[str, Mapping[str, Any]]:
        try:
            every = self._supervisor.call("getAllConfigInfo")
        except SupervisorRefused:
            return {}  # supervisord before 4.0 does not tell
        return {f"{group['group']}:{group['name']}": group for group in every}

    def _config(self, told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for key in told.keys() - set(_NAMES):
            hidden = key in _HIDDEN
            value = digest(told[key], self._key) if hidden else as_text(told[key])
            yield f"config.{key}", value


def _process(pid: int) -> Iterator[tuple[str, str]]:
    """Yield what a running process was given; nothing where it does not run."""
    if not pid:
        return
    frozen = sum(state(member) == "T" for member in family(pid))
    yield "frozen", as_text(frozen)
    try:
        yield "nice", as_text(os.getpriority(os.PRIO_PROCESS, pid))
        processors = sorted(os.sched_getaffinity(pid))
        yield "processors", as_text(processors)
        for name in _LIMITS:
            limit = resource.prlimit(pid, getattr(resource, f"RLIMIT_{name}"))
            yield f"limits.{name.lower()}", as_text([str(bound) for bound in limit])
    except OSError:
        return  # it went meanwhile, or is not ours to look at
