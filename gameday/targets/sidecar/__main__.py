"""Prepare, wait for the word, apply, hold, remove; on every way out remove.

The order of things is in the environment (GAMEDAY_SPEC, JSON). GO starts it, END
or its own deadline ends it: the fault ends even when nobody is left to end it.
`enter` in the order is the id of a container whose network is entered first; `ways`
are works, each with what it needs of the kernel: the first that this one can is done
instead of `do`.
Exit codes: 0 nothing is left, 1 something is, 2 it was not applied.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from gameday.targets.sidecar.network.delay import HeldDelay, NetemDelay
from gameday.targets.sidecar.network.features import Look, Sweep, first_way
from gameday.targets.sidecar.network.loss import QueueLoss, RuleLoss
from gameday.targets.sidecar.network.partition import Partition
from gameday.targets.sidecar.network.rate import QueueRate, Rate
from gameday.targets.sidecar.network.survey import Survey
from gameday.targets.sidecar.process.enter import enter
from gameday.targets.sidecar.process.freeze import Freeze, Thaw
from gameday.targets.sidecar.process.kill import Kill
from gameday.targets.sidecar.proof.reach import Reach
from gameday.targets.sidecar.resource.cpu import Cpu
from gameday.targets.sidecar.resource.memory import Fill
from gameday.targets.sidecar.work import (
    CLOCK,
    END,
    GO,
    SignalQueue,
    Work,
    WorkFailed,
    report,
)

WORKS: Mapping[str, Callable[[Mapping[str, Any]], Work]] = {
    "partition": Partition,
    "nfqueue": HeldDelay,
    "netem": NetemDelay,
    "loss": RuleLoss,
    "loss_by_queue": QueueLoss,
    "rate": Rate,
    "rate_by_queue": QueueRate,
    "cpu": Cpu,
    "memory": Fill,
    "kill": Kill,
    "freeze": Freeze,
    "thaw": Thaw,
    "look": Look,
    "reach": Reach,
    "sweep": Sweep,
    "survey": Survey,
}

_LINGER = 0.3  # seconds


def main() -> int:
    """Do what the specification says; return the exit code."""
    bell = SignalQueue()
    spec = json.loads(os.environ["GAMEDAY_SPEC"])
    try:
        # In the helper's own namespace: trying a way out may leave something there.
        does = first_way(spec["ways"], spec["mark"]) if "ways" in spec else spec["do"]
        if spec.get("enter"):
            enter(spec["enter"])
        work = WORKS[does](spec)
        work.prepare()
    except WorkFailed as wrong:
        report("failed", because=str(wrong))
        return 2
    report("ready", pid=os.getpid())
    if not bell.wait((GO, END), spec["wait"]) or bell.has_come(END):
        return 0
    failed = False
    try:
        report("applied", **work.apply())
        work.hold(bell, CLOCK.monotonic() + spec["duration"])
    except WorkFailed as wrong:
        failed = True
        report("failed", because=str(wrong))
    finally:
        clean = _remove(work)
    return (2 if failed else 0) if clean else 1


def _remove(work: Work) -> bool:
    try:
        work.remove()
    except WorkFailed as wrong:
        report("left", because=str(wrong))
        return False
    report("removed")
    if "GAMEDAY_SAID" in os.environ:
        CLOCK.sleep(_LINGER)  # whoever listens from inside hears it to the end
    return True


if __name__ == "__main__":
    sys.exit(main())
