"""Hold game days: scenarios read, planned, run and judged, one after the other.

What the command line, the pytest plugin and a notebook share; `Audience` says how each
of them looks on.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gameday.app.days.make_plan import fetch, modules_for, read
from gameday.app.result import FIRST_LEAD, Options, Repeat
from gameday.clock import SystemClock
from gameday.errors import GamedayError, UndoFailed, UsageError
from gameday.frozen import frozen
from gameday.model.quantity import show_duration
from gameday.model.target import parse_target
from gameday.model.verdict import REPEAT, ExitCode, worst_code
from gameday.runner.engine.fork_server import ForkServer

if TYPE_CHECKING:
    from gameday.app.days.make_plan import Prepared
    from gameday.app.result import Result
    from gameday.model.plan import Plan
    from gameday.model.scenario import Scenario
    from gameday.ports import Clock
    from gameday.runner.dependencies import Pace, Screen

LOOK_EVERY = 0.5  # seconds between looks whether a held target is free
# After these nothing follows: a stop, something broken, a guardrail.
LAST = (ExitCode.GUARDRAIL, ExitCode.BROKEN, ExitCode.INTERRUPTED)

Tell = Callable[[str], None]


@frozen
class GameDayOptions:
    """What is wanted of game days beside their scenarios.

    `out`: the folder of the files; of several scenarios, or where `several` says that
    there could be more, a folder in it for each.
    `target`: the URL of the target, in place of the scenarios' own. `changes`: what
    scenarios say in place of their files. `wait_for_target`: seconds for which a
    target that another run holds is waited for. `repeat`: how often each is held.
    """

    out: str | None = None
    several: bool = False
    seed: int | None = None
    env_file: str | None = None
    target: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    wait_for_target: float = 0.0
    repeat: int = 1
    options: Options = field(default_factory=Options)


@frozen
class Audience:
    """Who looks on: the view of one run, and where messages go.

    `over` hears of each run once it is judged, within its view.
    """

    screen: "Callable[[Plan], AbstractContextManager[Screen]]"
    tell: Tell
    over: "Callable[[Screen, Result], None]"


@frozen
class HeldGameDay:
    """One scenario and what came of it; `error`: why there was no run at all.

    `repeat`: the how many-th run of it.
    """

    scenario: "Scenario"
    code: ExitCode
    result: "Result | None" = None
    error: GamedayError | None = None
    repeat: int = 1


def read_scenarios(paths: Sequence[str], wishes: GameDayOptions) -> "list[Scenario]":
    """Return the scenarios as they are wished; InvalidFile with every problem."""
    changes = dict(wishes.changes)
    if wishes.target is not None:
        changes["target"] = _target(wishes.target)
    return read(paths, wishes.env_file, changes)


def _target(url: str) -> dict[str, dict[str, str]]:
    """Return a target as scenarios write it; UsageError where the URL is none."""
    try:
        return parse_target(url).as_keys
    except ValueError as error:
        raise UsageError(str(error)) from None


def hold(
    scenarios: "Sequence[Scenario]", wishes: GameDayOptions, watch: Audience
) -> list[HeldGameDay]:
    """Hold one game day after the other; the last one where nothing may follow it."""
    clock = SystemClock()
    fork_server = ForkServer()
    fork_server.warm(modules_for(scenarios))
    fetch("gameday.app.days.run")  # while the target and Prometheus are waited for
    several = wishes.several or len(scenarios) > 1
    held: list[HeldGameDay] = []
    lead = FIRST_LEAD
    turns = [(scenario, n + 1) for scenario in scenarios for n in range(wishes.repeat)]
    for place, (scenario, number) in enumerate(turns, start=1):
        repeated = wishes.repeat > 1
        folder = _folder(wishes.out, scenario.name, several=several)
        options = replace(
            wishes.options,
            out=_folder(folder, str(number), several=repeated),
            followed=wishes.options.followed or place < len(turns),
            repeat=Repeat(number, wishes.repeat, lead) if repeated else None,
        )
        day = _Day(scenario, replace(wishes, options=options), watch)
        held.append(replace(day.hold(clock, fork_server), repeat=number))
        if held[-1].code in LAST:
            break
        lead = (_lead_of(held[-1]) if repeated else None) or lead
    return held


def _lead_of(held: HeldGameDay) -> float | None:
    """Return how long it took from the order to the fault; None: not known."""
    from gameday.app.days import repeat_phases
    from gameday.app.judge_run import find
    from gameday.store.folder import parse_lines

    if held.result is None:
        return None
    try:
        record = find(held.result.folder)
        return repeat_phases.lead_of(parse_lines(record.lines, record.where))
    except GamedayError:
        return None


def with_unheld(
    scenarios: "Sequence[Scenario]", held: Sequence[HeldGameDay]
) -> list[HeldGameDay]:
    """Return game days with those that were not begun, since one before had to be last.

    Of them nobody knows anything, and no summary may leave them out.
    """
    begun = {game_day.scenario.path for game_day in held}
    return [
        *held,
        *(
            HeldGameDay(
                scenario=scenario,
                code=ExitCode.INCONCLUSIVE,
                error=GamedayError(
                    f"{scenario.path}: not held: nothing may follow a game day that "
                    "was stopped, or left something broken"
                ),
            )
            for scenario in scenarios
            if scenario.path not in begun
        ),
    ]


def worst(held: Sequence[HeldGameDay]) -> ExitCode:
    """Return the worst exit code of game days."""
    return worst_code(game_day.code for game_day in held)


class _Day:
    """One scenario while it is held."""

    def __init__(
        self, scenario: "Scenario", wishes: GameDayOptions, watch: Audience
    ) -> None:
        self._scenario, self._wishes, self._watch = scenario, wishes, watch

    def hold(self, clock: "Pace", fork_server: ForkServer) -> HeldGameDay:
        """Hold it; a target that is held again meanwhile is waited for again."""
        until = clock.monotonic() + self._wishes.wait_for_target
        try:
            while True:
                result = self._run(clock, fork_server, until)
                if not result.held or clock.monotonic() >= until:
                    break
        except GamedayError as error:
            broken = isinstance(error, UndoFailed)
            code = ExitCode.BROKEN if broken else ExitCode.USAGE
            return HeldGameDay(scenario=self._scenario, code=code, error=error)
        for file in result.unwritten:
            self._watch.tell(f"not written: {file}")
        return HeldGameDay(scenario=self._scenario, code=result.code, result=result)

    def _run(self, clock: "Pace", fork_server: ForkServer, until: float) -> "Result":
        from gameday.app.days.prepare_run import prepare_run

        def plan() -> "Prepared":
            return prepare_run(
                self._scenario, clock, self._wishes.seed, self._watch.tell
            )

        prepared = plan()
        tell = self._watch.tell
        if self._wishes.wait_for_target and wait(prepared, clock, until, tell):
            prepared = plan()  # who had the target has changed it
        prepared = _repeated(prepared, self._wishes.options.repeat)
        from gameday.app.days.run import run

        with self._watch.screen(prepared.plan) as screen:
            result = run(prepared, self._wishes.options, clock, screen, fork_server)
            self._watch.over(screen, result)
        return result


def _repeated(prepared: "Prepared", repeat: Repeat | None) -> "Prepared":
    """Return a plan that says which of several runs it is of."""
    if repeat is None:
        return prepared
    told = {**prepared.plan.provenance, REPEAT: f"{repeat.number}/{repeat.of}"}
    return replace(prepared, plan=replace(prepared.plan, provenance=told))


def wait(prepared: "Prepared", clock: "Clock", until: float, tell: Tell) -> bool:
    """Wait while another run has the target; return whether one had it.

    `until`: on the monotonic clock.
    """
    from gameday.ledger.held import why_held_by_another
    from gameday.ledger.home import ledger_path
    from gameday.ledger.ledger import Ledger

    target = prepared.target
    if target is None:
        return False
    path, waited = ledger_path(), False
    while clock.monotonic() < until:
        ledger = Ledger(path, clock) if Path(path).exists() else None
        why = why_held_by_another(ledger, target)
        if not why:
            break
        if not waited:
            left = show_duration(round(until - clock.monotonic()))
            tell(f"waiting for the target, {left} at most: {why}")
        waited = True
        clock.sleep(LOOK_EVERY)
    return waited


def _folder(out: str | None, name: str, *, several: bool) -> str | None:
    return str(Path(out) / name) if out is not None and several else out
