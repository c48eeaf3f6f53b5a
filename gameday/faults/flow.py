"""The one way from an experiment's call to a biting fault, and back.

A fault is declared by a signature and a docstring, and nothing else. To inject it is
to parse, find the victims, look again, prepare, write it down, inject, prove. Nothing
touches the target before the ledger has it on disk. The rollback of every experiment
undoes what it has open.
"""

import functools
import inspect
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ParamSpec

from gameday.errors import CannotFault, FaultFailed, GamedayError, UndoFailed
from gameday.faults.context import (
    CLOCK,
    WATCHDOGS,
    FaultContext,
    fault_context,
    open_own_run,
)
from gameday.frozen import frozen
from gameday.ledger.entries import FaultEntry, Healed
from gameday.ledger.heal import forget, heal, undo_with_retries
from gameday.ledger.recovery import recover, recover_dead
from gameday.model.faults.fault import FaultRequest, FaultState, Proof
from gameday.model.faults.request import parse_request
from gameday.model.faults.selection import choose
from gameday.model.quantity import show_instant
from gameday.model.target import Instance
from gameday.targets.procfs import identify

Parameters = ParamSpec("Parameters")
Inject = Callable[[str, Mapping[str, Any], Mapping[str, Any] | None], dict[str, Any]]
DEFAULT_DURATION = 600.0  # seconds, where neither a plan nor the experiment says
_AT_ONCE = 8


def inject(
    kind: str,
    arguments: Mapping[str, Any],
    configuration: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Inject a fault for whom the environment says; see `inject_for`."""
    return inject_for(fault_context(configuration), kind, arguments)


def fault(
    kind: str, inject: Inject = inject
) -> Callable[[Callable[Parameters, None]], Callable[Parameters, dict[str, Any]]]:
    """Make a function inject this fault of the catalogue with the arguments it gets.

    Its signature is what an experiment may write; Chaos Toolkit reads it for
    validation, for `chaos discover`, and to know that the function wants its
    configuration.
    """

    def declare(
        declared: Callable[Parameters, None],
    ) -> Callable[Parameters, dict[str, Any]]:
        signature = inspect.signature(declared).replace(
            return_annotation=dict[str, Any]
        )

        @functools.wraps(declared)
        def inject_it(
            *args: Parameters.args, **given: Parameters.kwargs
        ) -> dict[str, Any]:
            bound = signature.bind(*args, **given)
            bound.apply_defaults()
            arguments = dict(bound.arguments)
            configuration = arguments.pop("configuration")
            return inject(kind, arguments, configuration)

        inject_it.__annotations__["return"] = dict[str, Any]
        inject_it.__signature__ = signature  # type: ignore[attr-defined]
        return inject_it

    return declare


@frozen(kw_only=False)
class InjectedFault:
    """One fault on one instance, injected: when it started and whether it bites."""

    entry: FaultEntry
    started: float
    proof: Proof


def inject_for(
    mine: FaultContext, kind: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Inject a fault and return what it hit, when, and the proof that it bites.

    FaultFailed when it did not happen; what had been done until then is undone.
    """
    try:
        request = parse_request(kind, arguments)
    except ValueError as wrong:
        raise FaultFailed(str(wrong)) from wrong
    # A plan has asked already, and refused: only who has none asks here.
    why = mine.target.refusal(kind) if mine.own else ""
    if why:
        raise CannotFault(why)
    request, victims = _victims(mine, request)
    open_own_run(mine)
    entries = _prepare(mine, request, victims)
    why = _why_target_lost(mine)
    if why:
        _undo_entries(mine, entries)
        raise FaultFailed(why)
    hits = _in_parallel(lambda entry: _hit(mine, request, entry), entries)
    failures = [hit for hit in hits if not isinstance(hit, InjectedFault)]
    if failures:
        _undo_entries(mine, entries)
        raise FaultFailed("; ".join(str(failure) for failure in failures))
    return {
        "fault": kind,
        "target": mine.target.url,
        "run": mine.run,
        "seed": mine.seed,
        "hits": [_hit_output(hit) for hit in hits if isinstance(hit, InjectedFault)],
    }


def _victims(
    mine: FaultContext, request: FaultRequest
) -> tuple[FaultRequest, Sequence[Instance]]:
    """Return the request with its duration, and its victims as they are now."""
    now = mine.target.instances(request.selection.service)
    if mine.own:
        try:
            target = mine.target
            fits = target.fit(request, now)
            chosen = choose(request.selection, fits, mine.seed)
        except ValueError as wrong:
            raise FaultFailed(str(wrong)) from wrong
        return _lasting(request, request.duration or DEFAULT_DURATION), chosen
    planned = mine.ledger.claim(mine.run, mine.step, request)
    if planned is None:
        raise FaultFailed(
            f"{request.kind} on {request.selection.service} is not in the plan of run "
            f"{mine.run}, step {mine.step}"
        )
    # By identity: a platform that numbers as it sees may number otherwise today.
    by_id = {instance.identity.get("id"): instance for instance in now}
    victims = []
    for victim in planned.victims:
        there = by_id.get(victim.identity.get("id"))
        if there is None:
            raise FaultFailed(f"{victim.name} was replaced since the plan was made")
        victims.append(replace(there, name=victim.name))
    return _lasting(request, planned.duration), victims


def _lasting(request: FaultRequest, duration: float) -> FaultRequest:
    return replace(request, duration=duration)


def _prepare(
    mine: FaultContext, request: FaultRequest, victims: Sequence[Instance]
) -> list[FaultEntry]:
    """Prepare each victim's fault and write all of them down."""

    def planned_fault(victim: Instance) -> FaultEntry:
        mark = f"{mine.run}.{secrets.token_hex(4)}"
        undo = mine.target.prepare(request, victim, mark)
        duration = request.duration or DEFAULT_DURATION
        return FaultEntry(
            run=mine.run,
            step=mine.step,
            kind=request.kind,
            victim=victim,
            arguments=request.arguments,
            duration=duration,
            until=CLOCK.now() + duration,
            undo=undo,
            mark=mark,
            by=identify(),
        )

    prepared = _in_parallel(planned_fault, victims)
    ready = [entry for entry in prepared if isinstance(entry, FaultEntry)]
    failures = [failure for failure in prepared if not isinstance(failure, FaultEntry)]
    try:
        if failures:
            raise FaultFailed("; ".join(str(failure) for failure in failures))
        return [replace(entry, id=mine.ledger.begin(entry)) for entry in ready]
    except GamedayError:
        for entry in ready:
            mine.target.undo(entry.undo)
            forget(mine.target, entry.undo)
        raise


def _why_target_lost(mine: FaultContext) -> str:
    """Return who has taken the target from this run meanwhile; empty: nobody.

    The target itself is asked: the lock's keeper lives in the run's own process.
    """
    target = mine.target
    if target.lock is None:
        return ""
    other = target.lock.holder()
    if other is None or other.run in ("", mine.run):
        return target.lock.why_lost()
    who = f"run {other.run} of {other.user}@{other.host}"
    return f"{who} has taken {target.url} meanwhile; nothing is injected"


def _hit(mine: FaultContext, request: FaultRequest, entry: FaultEntry) -> InjectedFault:
    ledger = mine.ledger
    started = CLOCK.now()
    if not ledger.move(entry.id, FaultState.INJECTING, started):
        raise FaultFailed(f"{entry.victim.name}: the run ended before the fault began")
    mine.target.inject(request, entry.victim, entry.undo)
    try:
        proof = mine.target.verify(request, entry.victim, entry.undo)
    except GamedayError as wrong:
        proof = Proof(bites=False, because=f"could not be looked at: {wrong}")
    seen = {
        "bites": proof.bites,
        "because": proof.because,
        "evidence": dict(proof.evidence),
    }
    if not ledger.move(
        entry.id, FaultState.BITING, note=proof.because, extra={"proof": seen}
    ):
        undo_with_retries(
            mine.target.undo, entry.undo, CLOCK
        )  # undone before it was there
        forget(mine.target, entry.undo)
        raise FaultFailed(f"{entry.victim.name}: the fault was undone meanwhile")
    return InjectedFault(entry, started, proof)


def _undo_entries(mine: FaultContext, entries: Sequence[FaultEntry]) -> None:
    begun = [mine.ledger.fault(entry.id) for entry in entries]
    still = [fault for fault in begun if fault and fault.state is not FaultState.UNDONE]
    heal(mine.ledger, mine.opener, CLOCK, still, by="self")


def _in_parallel(act: Any, many: Sequence[Any]) -> list[Any]:
    """Return each result, or the GamedayError in its place."""

    def safe(given: Any) -> Any:
        try:
            return act(given)
        except GamedayError as wrong:
            return wrong

    if len(many) == 1:
        return [safe(many[0])]
    with ThreadPoolExecutor(min(len(many), _AT_ONCE)) as pool:
        return list(pool.map(safe, many))


def _hit_output(hit: InjectedFault) -> dict[str, Any]:
    entry = hit.entry
    return {
        "instance": entry.victim.name,
        "id": entry.id,
        "identity": dict(entry.victim.identity),
        "started": show_instant(hit.started),
        "until": show_instant(entry.until),
        "undo": {"verb": entry.undo.verb, "arguments": dict(entry.undo.arguments)},
        "proof": {
            "bites": hit.proof.bites,
            "because": hit.proof.because,
            "evidence": dict(hit.proof.evidence),
        },
    }


def undo_all(configuration: Mapping[str, Any] | None) -> dict[str, Any]:
    """Undo this experiment's faults; under plain `chaos run` close its run as well."""
    mine = fault_context(configuration)
    healed = _undo_open(mine)
    left = [
        f"{healing.fault.victim.name}: {healing.undone.found}; "
        f"by hand: {healing.undone.by_hand}"
        for healing in healed
        if not healing.undone.ok
    ]
    if mine.own:
        left += [
            f"{recovered.what}, left by run {recovered.run}: {recovered.undone.found}; "
            f"by hand: {recovered.undone.by_hand}"
            for recovered in recover_dead(
                mine.ledger, mine.target.url, mine.opener, CLOCK
            )
            if not recovered.undone.ok
        ]
    if left:
        watchdog = WATCHDOGS.get(mine.run)
        goes_on = f". {watchdog.announcement}" if watchdog else ""
        raise UndoFailed("still broken: " + "; ".join(left) + goes_on)
    return {
        "target": mine.target.url,
        "undone": [
            {
                "fault": healing.fault.kind,
                "instance": healing.fault.victim.name,
                "found": healing.undone.found,
                "at": show_instant(healing.at),
            }
            for healing in healed
        ],
    }


def _undo_open(mine: FaultContext) -> list[Healed]:
    """Undo the faults of a step; of an experiment that has a run of its own, all."""
    if mine.own:
        return recover(
            mine.ledger, mine.run, mine.opener, CLOCK, by="rollback", ended_cleanly=True
        )
    left_open = mine.ledger.open_faults(run=mine.run)
    its = [fault for fault in left_open if fault.step == mine.step]
    return heal(mine.ledger, mine.opener, CLOCK, its, by="rollback")
