"""Game days of a suite side by side: a process for each target.

Scenarios on one target are held in turn, by one `gameday run`; it is a process of its
own, so that `gameday stop` and a watchdog mean one run and no other.
"""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gameday.app.days.game_days import HeldGameDay, Tell
from gameday.app.judge_run import find, judge_stored
from gameday.app.result import Result
from gameday.errors import GamedayError
from gameday.model.verdict import ExitCode
from gameday.runner.run_end import end_signals_handled_by

if TYPE_CHECKING:
    from gameday.model.scenario import Scenario

# After these no further target is begun; what is going on comes to its end.
LAST = (ExitCode.BROKEN, ExitCode.INTERRUPTED)

Command = Callable[["Sequence[Scenario]"], list[str]]


def by_target(scenarios: "Sequence[Scenario]") -> "list[list[Scenario]]":
    """Return the scenarios of each target, in their order."""
    groups: dict[str, list[Scenario]] = {}
    for scenario in scenarios:
        groups.setdefault(scenario.target.url, []).append(scenario)
    return list(groups.values())


def hold_side_by_side(
    scenarios: "Sequence[Scenario]", jobs: int, command: Command, tell: Tell
) -> list[HeldGameDay]:
    """Hold the game days of several targets at once; return what came of each.

    `command`: the process that runs some scenarios of one target, as `gameday run -o
    json` does.
    """
    crew = _RunningProcesses(command, tell)
    with crew.signals(), ThreadPoolExecutor(max_workers=jobs) as pool:
        done = list(pool.map(crew.hold, by_target(scenarios)))
    held = [day for group in done for day in group]
    order = {scenario.path: number for number, scenario in enumerate(scenarios)}
    return sorted(held, key=lambda game_day: order[game_day.scenario.path])


class _RunningProcesses:
    """The processes that are going on, and whether another may begin."""

    def __init__(self, command: Command, tell: Tell) -> None:
        self._command, self._tell = command, tell
        self._lock = threading.Lock()
        self._going: list[subprocess.Popen[str]] = []
        self._over = False

    def hold(self, group: "Sequence[Scenario]") -> list[HeldGameDay]:
        """Hold one target's game days in a process of their own."""
        with self._lock:
            if self._over:
                return []
            process = subprocess.Popen(
                self._command(group),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
            self._going.append(process)
        name = group[0].target.name
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        assert process.stderr is not None  # noqa: S101
        teller = threading.Thread(
            target=self._pass_on, args=(process.stderr, name), daemon=True
        )
        teller.start()
        with process:  # closes what it was read from
            output = process.stdout.read()
            code = process.wait()
            teller.join()
        held = _read(output, group, code)
        with self._lock:
            self._going.remove(process)
            self._over |= any(game_day.code in LAST for game_day in held)
        return held

    def _pass_on(self, lines: IO[str], name: str) -> None:
        for line in lines:
            self._tell(f"{name}  {line.rstrip()}")

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Hand signals on to all that goes on; nothing begins after one."""

        def stop(number: int, _frame: object) -> None:
            self._over = True
            for process in list(self._going):
                with suppress(ProcessLookupError):
                    process.send_signal(number)

        with end_signals_handled_by(stop):
            yield


def _read(output: str, group: "Sequence[Scenario]", code: int) -> list[HeldGameDay]:
    """Return what a process says of its game days; an error where it says nothing."""
    try:
        runs: list[dict[str, Any]] = json.loads(output)["runs"]
    except (ValueError, KeyError, TypeError):
        runs = []
    held = []
    for scenario in group:
        told = [run for run in runs if run["path"] == scenario.path]
        held += [_result_of(scenario, run) for run in told]
        if not runs:
            error = GamedayError(f"{scenario.path}: `gameday run` ended with {code}")
            held.append(HeldGameDay(scenario=scenario, code=_known(code), error=error))
    return held


def _result_of(scenario: "Scenario", run: dict[str, Any]) -> HeldGameDay:
    code, repeat = ExitCode(run["code"]), int(run.get("repeat", 1))
    if not run["folder"]:
        error = GamedayError(run["error"])
        return HeldGameDay(scenario=scenario, code=code, error=error, repeat=repeat)
    stored = judge_stored(find(str(Path(run["folder"]))))
    result = Result(
        code=code, folder=run["folder"], plan=stored.plan, verdict=stored.verdict
    )
    return HeldGameDay(scenario=scenario, code=code, result=result, repeat=repeat)


def _known(code: int) -> ExitCode:
    """Return an exit code; a process that was killed has crashed."""
    return ExitCode(code) if code in set(ExitCode) else ExitCode.INCONCLUSIVE
