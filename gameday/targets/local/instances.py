"""supervisord's processes as instances: the group is the service."""

import re
from collections.abc import Mapping
from typing import Any

from gameday.model.target import Instance
from gameday.targets.local.boot import Boot
from gameday.targets.procfs import boot_id, start_ticks, state

_NUMBER = re.compile(r"[-_](\d+)$")
_STATES = {
    "RUNNING": "running",
    "STARTING": "running",
    "BACKOFF": "restarting",
    "STOPPING": "stopping",
}


def instance_of(
    process: Mapping[str, Any], supervisor: str, boot: Boot | None = None
) -> Instance:
    """Return the instance that a process is; `supervisor` identifies its parent.

    `boot`: when the machine began; without it no start time is told. `id` stays while
    supervisord keeps the process under that name; pid and start change with each start.
    """
    pid = int(process["pid"])
    ticks = start_ticks(pid) if pid else 0
    full = f"{process['group']}:{process['name']}"
    started, exact = boot.started(ticks) if ticks and boot else (None, 0.0)
    now = _STATES.get(process["statename"], "stopped")
    if now == "running" and not ticks:
        now = "restarting"  # it has died, supervisord has not seen it yet
    if now == "running" and state(pid) == "T":
        now = "paused"
    return Instance(
        service=str(process["group"]),
        name=name_of(str(process["group"]), str(process["name"])),
        identity={
            "id": f"{supervisor}/{full}",
            "pid": str(pid),
            "started": str(ticks),
            "boot": boot_id(),
        },
        state=now,
        started_at=started,
        exact=exact,
        labels={"process": full},
    )


def name_of(group: str, name: str) -> str:
    """Return SERVICE-N: the number at the name's end, 1 where there is none."""
    number = _NUMBER.search(name)
    return f"{group}-{int(number[1]) if number else 1}"
