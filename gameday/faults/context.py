"""Whose fault it is: the run of `gameday run`, or one of its own for plain `chaos run`.

A run tells its experiments through the environment: GAMEDAY_RUN, GAMEDAY_STEP,
GAMEDAY_HOME, GAMEDAY_TARGET, GAMEDAY_SEED. Without it the first fault opens a run
that belongs to this very process, and starts a watchdog for it.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gameday.clock import SystemClock
from gameday.errors import FaultFailed, GamedayError
from gameday.frozen import frozen
from gameday.ledger.heal import Opener
from gameday.ledger.home import ledger_path
from gameday.ledger.ledger import Ledger
from gameday.ledger.recovery import opener
from gameday.ledger.target_lock import take
from gameday.ledger.watchdog.launcher import WatchdogHandle
from gameday.targets import open_target
from gameday.targets.opened import OpenTarget
from gameday.targets.procfs import identify

CLOCK = SystemClock()
_AHEAD: dict[str, OpenTarget] = {}  # opened before the first fault, by URL
WATCHDOGS: dict[
    str, WatchdogHandle
] = {}  # of the run that this very process has opened


@frozen
class FaultContext:
    """The run, step and target that a fault belongs to."""

    run: str
    step: str
    target: OpenTarget
    seed: str
    ledger: Ledger
    own: bool  # opened by the fault itself, under plain `chaos run`

    @property
    def opener(self) -> Opener:
        """Return what opens targets: the open one for its own URL, else a new one."""
        return opener(CLOCK, self.target)


def fault_context(configuration: Mapping[str, Any] | None) -> FaultContext:
    """Return whose fault it is, by the environment and the configuration."""
    url = os.environ.get("GAMEDAY_TARGET") or (configuration or {}).get("target")
    if not isinstance(url, str) or not url:
        raise FaultFailed(
            "no target: set GAMEDAY_TARGET, or `target` in the experiment's "
            "configuration, such as docker://PROJECT"
        )
    run = os.environ.get("GAMEDAY_RUN", "")
    own = not run
    if own:
        who = identify()
        run = f"chaos-{who.pid}-{who.started}"
    return FaultContext(
        run=run,
        step=os.environ.get("GAMEDAY_STEP", ""),
        target=_AHEAD.pop(url) if url in _AHEAD else open_target(url, CLOCK),
        seed=os.environ.get("GAMEDAY_SEED") or run,
        ledger=Ledger(ledger_path(), CLOCK),
        own=own,
    )


def open_ahead() -> None:
    """Open the run's target for its first fault, and look at it, before there is one.

    A client is made, connections are opened, and who owns what is learned. Nothing that
    decides comes from this look: the fault looks again.
    """
    url = os.environ.get("GAMEDAY_TARGET", "")
    with suppress(GamedayError):  # the fault asks again, and says why
        target = _AHEAD[url] = open_target(url, CLOCK)
        target.instances()


def open_own_run(mine: FaultContext) -> None:
    """Take the target for this process and start its watchdog; once per experiment.

    Faults that a dead process left on the target are undone first. TargetHeld if a
    living one has the target.
    """
    entry = mine.ledger.run(mine.run)
    if not mine.own or (entry is not None and entry.closed is None):
        return
    watchdog = take(mine.ledger, mine.target, mine.run, "chaos run", CLOCK)
    watchdog.abandon()
    WATCHDOGS[mine.run] = watchdog
