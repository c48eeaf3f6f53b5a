"""A planned scenario is run: dependencies built, lock taken, verdict written."""

import os
import platform
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from gameday.app.days import fingerprints
from gameday.app.days.engine_start import open_target_ahead
from gameday.app.days.expected_ending import (
    environment,
    refused_plan,
    spoiled_from_the_start,
)
from gameday.app.days.make_plan import Prepared, fetch
from gameday.app.heal import pop_reason
from gameday.app.observing.run_observers import RunObservers
from gameday.app.observing.secrets import Redactor
from gameday.app.result import Options, Result
from gameday.errors import GamedayError, StoreError, TargetHeld, TargetNotFound
from gameday.ledger.entries import Healed, RecoveredFault
from gameday.ledger.heal import heal
from gameday.ledger.home import home, ledger_path
from gameday.ledger.ledger import Ledger
from gameday.ledger.recovery import opener, recover
from gameday.ledger.target_lock import take
from gameday.ledger.watchdog.launcher import WatchdogHandle
from gameday.model.events import (
    Event,
    FaultEnded,
    FaultStarted,
    Note,
    Recovered,
    RunEnded,
    RunStarted,
)
from gameday.model.plan import Plan
from gameday.model.verdict import Ending, ExitCode, Outcome, Verdict
from gameday.observers.standing import read_standing
from gameday.ports import Clock
from gameday.runner.dependencies import (
    InjectionMoment,
    Pace,
    RunDependencies,
    Screen,
)
from gameday.runner.drive import Drive
from gameday.runner.engine.fork_server import ForkServer
from gameday.runner.run_end import RunStopped
from gameday.runner.run_ledger import RunLedger
from gameday.runner.run_state import RunState
from gameday.store.history import History, NewRun
from gameday.store.plans import to_json
from gameday.store.run import RunStore
from gameday.targets.opened import OpenTarget


@dataclass(slots=True)
class Session:
    """One run while it is going on."""

    run: str
    plan: Plan
    target: OpenTarget | None
    store: RunStore
    clock: Pace
    screen: Screen
    options: Options = field(default_factory=Options)
    refusal: bool = False
    held: bool = False  # refused since another run has the target
    broken: list[str] = field(default_factory=list)


def new_run_id(scenario: str, clock: Clock) -> str:
    """Return an id that sorts by time and names the scenario."""
    stamp = datetime.fromtimestamp(clock.now(), tz=UTC).strftime("%Y%m%dT%H%M%S")
    return f"{stamp}-{scenario}-{secrets.token_hex(2)}"


def run(
    prepared: Prepared,
    options: Options,
    clock: Pace,
    screen: Screen,
    fork_server: ForkServer,
) -> Result:
    """Run one prepared scenario, whatever comes of it; the verdict is on disk then."""
    plan = prepared.plan
    run_id = new_run_id(plan.scenario.name, clock)
    run_observers = RunObservers(plan, clock)
    history = History(home())
    new = NewRun(
        run=run_id,
        scenario=plan.scenario.name,
        target=prepared.url,
        folder=history.folder_for(run_id, options.out),
        started=clock.now(),
        pid=os.getpid(),
        host=platform.node(),
        plan=to_json(plan),
    )
    session = Session(
        run=run_id,
        plan=plan,
        target=prepared.target,
        store=RunStore(
            history, new, Redactor(plan).redact, shared=options.out is not None
        ),
        clock=clock,
        screen=screen,
        options=options,
    )
    begun = RunStarted(at=clock.now(), run=run_id, scenario=plan.scenario.name)
    session.store.append(begun)
    for recovered in prepared.recovered:  # the terminal has been told already
        session.store.append(_recovered_event(recovered, clock.now()))
    stop = _driven(session, run_observers, fork_server)
    _record(session)
    with suppress(StoreError):  # a disk that is full by now changes no verdict
        ended = RunEnded(
            at=clock.now(),
            ending=stop.ending.value,
            because=stop.because,
            broken=session.broken,
        )
        session.store.append(ended)
    from gameday.app.judge_run import write_all

    stored = write_all(session.store, properties=options.junit_properties)
    session.store.close()
    code = exit_code(stored.verdict, refusal=stop.refusal or session.refusal)
    judged = stored.verdict.ending is not Ending.CRASHED
    if code is ExitCode.INCONCLUSIVE and judged and options.inconclusive == "pass":
        code = ExitCode.PASS
    return Result(
        code=code,
        folder=new.folder,
        plan=stored.plan,
        verdict=stored.verdict,
        held=session.held,
        unwritten=stored.unwritten,
    )


def exit_code(verdict: Verdict, *, refusal: bool) -> ExitCode:
    """Return the code of a verdict; `refusal`: nothing was touched on purpose."""
    if verdict.broken:
        return ExitCode.BROKEN
    if verdict.ending is Ending.REFUSED and refusal:
        return ExitCode.USAGE
    by_ending = {
        Ending.OPERATOR: ExitCode.INTERRUPTED,
        Ending.GUARDRAIL: ExitCode.GUARDRAIL,
        Ending.REFUSED: ExitCode.INCONCLUSIVE,
        Ending.CRASHED: ExitCode.INCONCLUSIVE,
    }
    by_outcome = {
        Outcome.PASS: ExitCode.PASS,
        Outcome.FAIL: ExitCode.FAIL,
        Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    }
    return by_ending.get(verdict.ending, by_outcome[verdict.outcome])


def _driven(
    session: Session, run_observers: RunObservers, fork_server: ForkServer
) -> RunStopped:
    """Return how the run ended, whatever came; what is broken has to be said."""
    try:
        stop = _drive(session, run_observers, fork_server)
    except GamedayError as error:
        stop = RunStopped(Ending.CRASHED, f"{error}{put_back(session)}")
    except Exception as error:
        if os.environ.get("GAMEDAY_DEBUG"):
            raise
        why = f"{type(error).__name__}: {error}"
        stop = RunStopped(
            Ending.CRASHED, f"gameday itself broke: {why}{put_back(session)}"
        )
    if stop.ending is Ending.OPERATOR and (reason := pop_reason(session.run)):
        stop = RunStopped(Ending.OPERATOR, f"stopped by `gameday stop`: {reason}")
    return stop


def put_back(session: Session) -> str:
    """Return what was broken when the run crashed, and that it is put back."""
    events = session.store.events()
    ended = {event.id for event in events if isinstance(event, FaultEnded) and event.ok}
    hit = [
        f"{event.fault} on {event.instance}"
        for event in events
        if isinstance(event, FaultStarted) and event.id in ended
    ]
    return f"; {', '.join(hit)} had begun and was put back" if hit else ""


def _drive(
    session: Session, run_observers: RunObservers, fork_server: ForkServer
) -> RunStopped:
    plan, target = session.plan, session.target
    if plan.refusals or target is None:
        session.refusal = True
        return refused_plan(plan)
    ledger = Ledger(ledger_path(), session.clock)
    try:
        watchdog = _acquire_target(session, target, ledger)
    except (TargetHeld, StoreError, TargetNotFound) as error:
        session.refusal = True
        session.held = isinstance(error, TargetHeld)
        return RunStopped(Ending.REFUSED, str(error))
    ended_cleanly = False
    try:
        early = None if session.options.anyway else spoiled_from_the_start(plan)
        if early is not None:
            return early
        _prepare_faults(session, target)
        run_ledger = _run_ledger(session, target, ledger)
        drive = Drive(
            plan, _dependencies(session, target, run_observers, fork_server, run_ledger)
        )
        drive.broken = session.broken
        fetch("gameday.app.judge_run")  # in the warm-up, so that the end need not wait
        stop = drive.run()
        ended_cleanly = stop.ending is Ending.FINISHED
    finally:
        give_back(session, ledger, watchdog, ended_cleanly=ended_cleanly)
    return stop


def _acquire_target(
    session: Session, target: OpenTarget, ledger: Ledger
) -> WatchdogHandle:
    """Take the target; keep and show what a dead run had left and became of it."""
    scenario, clock = session.plan.scenario.name, session.clock

    def emit(recovered: RecoveredFault) -> None:
        _show(session, _recovered_event(recovered, clock.now()))

    def note(text: str) -> None:
        _show(session, Note(at=clock.now(), text=text))

    return take(ledger, target, session.run, scenario, clock, tell=note, emit=emit)


def give_back(
    session: Session,
    ledger: Ledger,
    watchdog: WatchdogHandle,
    *,
    ended_cleanly: bool = True,
) -> None:
    """Let go of the target; while anything is broken in it the watchdog goes on.

    `ended_cleanly`: no process of the run had to be ended.
    """
    clock = session.clock
    if not session.broken:
        session.broken += _recover(session, ledger, ended_cleanly=ended_cleanly)
    if session.broken:
        watchdog.abandon()  # it goes on trying when this process is gone
        with suppress(StoreError):  # a full disk keeps nobody from being told
            _show(session, Note(at=clock.now(), text=watchdog.announcement))
        return
    watchdog.close()


def _recover(session: Session, ledger: Ledger, *, ended_cleanly: bool) -> list[str]:
    """Recover this run; return what is still broken, or that nobody can tell."""
    opened = opener(session.clock, session.target)
    try:
        recover(
            ledger,
            session.run,
            opened,
            session.clock,
            by="run",
            ended_cleanly=ended_cleanly,
        )
        left = ledger.open_faults(run=session.run)
    except Exception as error:  # noqa: BLE001 - nobody may stop watching on a guess
        return [f"what is still broken cannot be told: {error}. Run `gameday heal`"]
    return [
        f"{fault.kind} on {fault.victim.name}: its undo did not succeed. "
        "By hand: `gameday heal`"
        for fault in left
    ]


def _recovered_event(recovered: RecoveredFault, at: float) -> Event:
    """Return what became of something that a dead run had left, as an event."""
    undone = recovered.undone
    return Recovered(
        at=at,
        run=recovered.run,
        what=recovered.what,
        ok=undone.ok,
        because=undone.found,
        by_hand=undone.by_hand,
    )


def _prepare_faults(session: Session, target: OpenTarget) -> None:
    faults = [fault for step in session.plan.steps for fault in step.faults]
    for kind in sorted({fault.request.kind for fault in faults}):
        target.make_ready(kind)


def _run_ledger(session: Session, target: OpenTarget, ledger: Ledger) -> RunLedger:
    """Return the run's ledger, in which the planned victims are written down."""
    opened = opener(session.clock, target)

    def undo() -> list[Healed]:
        open_faults = ledger.open_faults(run=session.run)
        return heal(ledger, opened, session.clock, open_faults, by="run")

    run_ledger = RunLedger(ledger, session.run, undo, target.instances)
    for planned in session.plan.steps:
        for ordinal, fault in enumerate(planned.faults):
            victims = fault.victims
            run_ledger.plan_fault(
                planned.name, ordinal, fault.request, victims, fault.duration
            )
    return run_ledger


def _dependencies(
    session: Session,
    target: OpenTarget,
    run_observers: RunObservers,
    fork_server: ForkServer,
    run_ledger: RunLedger,
) -> RunDependencies:
    played_in = environment(target.url, session.plan.seed)
    return RunDependencies(
        clock=session.clock,
        ledger=run_ledger,
        engine=fork_server,
        store=session.store,
        screen=session.screen,
        observers=run_observers.observers(target),
        guards=run_observers.guards(),
        traffic=run_observers.traffic(),
        fingerprint=fingerprints.fingerprint_taker(session.plan, target),
        fingerprint_takes=fingerprints.extra_time(session.plan),
        environment={**played_in, "GAMEDAY_RUN": session.run},
        why_lost=_why_lost(target),
        standing=partial(read_standing, session.plan.scenario.observe, session.clock),
        anyway=session.options.anyway,
        followed=session.options.followed,
        moment=_moments(session),
        ahead=open_target_ahead,
    )


def _moments(session: Session) -> Callable[[str], InjectionMoment | None]:
    """Return what says when a step's fault is to fall; only repeats mind."""
    repeat = session.options.repeat
    if repeat is None:
        return lambda _step: None
    from gameday.app.days.repeat_phases import moments

    return moments(session.plan, repeat, session.clock)


def _why_lost(target: OpenTarget) -> Callable[[], str]:
    return str if target.lock is None else target.lock.why_lost


def _record(session: Session) -> None:
    """Record what the rules read, where anything was injected; never fails a run."""
    from gameday.app.days.record_series import has_begun, record

    if not has_begun(session.store.events()):
        return
    why = record(session.plan, session.store, session.clock)
    if why:
        with suppress(StoreError):
            session.store.append(Note(at=session.clock.now(), text=why))


def _show(session: Session, told: Event) -> None:
    """Keep and show an event that comes outside of the drive, which has the state."""
    session.screen.show(told, RunState())
    session.store.append(told)
